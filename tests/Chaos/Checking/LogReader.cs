using System.Threading.Channels;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.Chaos.Checking;

/// <summary>All events of a stream's partition, in order, from the first, with the stream client and nothing else of the product's.</summary>
/// <param name="nodes">Stream ports of the broker's nodes.</param>
/// <param name="user">The broker's user.</param>
/// <param name="password">Its password.</param>
internal sealed class LogReader(IReadOnlyList<StreamEndpoint> nodes, string user, string password)
{
    private const ushort Credit = 10;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Reads up to the event with the sequence <paramref name="last"/>, and what may lie behind it.</summary>
    public async Task<IReadOnlyList<LoggedEvent>> ReadAsync(string stream, long last, CancellationToken cancellationToken)
    {
        await using var connection = await ConnectToLeaderAsync(stream, cancellationToken);
        var chunks = new Chunks();
        var subscription = await connection.SubscribeAsync(stream, StreamOffset.First, Credit, chunks, cancellationToken);
        var events = new List<LoggedEvent>();
        var end = last == 0;
        while (!end)
        {
            using var chunk = await chunks.Reader.ReadAsync(cancellationToken).AsTask().WaitAsync(Limit, TimeProvider.System, cancellationToken);
            end = Add(chunk, events, last);
            await subscription.CreditAsync(1, cancellationToken);
        }

        // Whatever the leader has sent until it answers has been handed over by then.
        await connection.QueryMetadataAsync([stream], cancellationToken);
        while (chunks.Reader.TryRead(out var more))
        {
            using (more)
            {
                Add(more, events, last);
            }
        }

        return events;
    }

    /// <summary>True when the last one was among them.</summary>
    private static bool Add(StreamChunk chunk, List<LoggedEvent> events, long last)
    {
        var found = false;
        using var records = chunk.Records();
        while (records.MoveNext())
        {
            var read = EntryReader.Read(records.Current);
            events.Add(read);
            found |= read.Sequence == last;
        }

        return found;
    }

    private async Task<StreamConnection> ConnectToLeaderAsync(string stream, CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(nodes[0], cancellationToken);
        var leader = (await connection.QueryMetadataAsync([stream], cancellationToken))[0].Leader ?? throw new ChaosException($"The stream {stream} has no leader.");
        if (leader == connection.AdvertisedEndpoint)
        {
            return connection;
        }

        await connection.DisposeAsync();
        return await ConnectAsync(leader, cancellationToken);
    }

    private Task<StreamConnection> ConnectAsync(StreamEndpoint node, CancellationToken cancellationToken) =>
        StreamConnection.ConnectAsync(new StreamConnectionOptions { Endpoint = node, User = user, Password = password, ConnectionName = "chaos" }, cancellationToken);

    /// <summary>Bounded by the credit.</summary>
    private sealed class Chunks : IChunkObserver
    {
        private readonly Channel<StreamChunk> channel = Channel.CreateUnbounded<StreamChunk>();

        public ChannelReader<StreamChunk> Reader => channel.Reader;

        public void Delivered(StreamChunk chunk)
        {
            if (!channel.Writer.TryWrite(chunk))
            {
                chunk.Dispose();
            }
        }

        public void Closed(Exception reason) => channel.Writer.TryComplete(reason);
    }
}
