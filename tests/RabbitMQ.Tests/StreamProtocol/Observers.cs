using System.Threading.Channels;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ.Tests.StreamProtocol;

/// <summary>Keeps what a publisher is told.</summary>
internal sealed class PublishLog : IPublishObserver
{
    private readonly Channel<string> told = Channel.CreateUnbounded<string>();

    /// <summary>"confirmed 1", "refused 2 AccessRefused", "closed …", as it comes.</summary>
    public async Task<string> NextAsync() =>
        await told.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    /// <summary>The next so many confirmed ids.</summary>
    public async Task<List<ulong>> ConfirmedAsync(int count)
    {
        var ids = new List<ulong>();
        while (ids.Count < count)
        {
            var next = await NextAsync();
            next.ShouldStartWith("confirmed ");
            ids.Add(ulong.Parse(next.AsSpan(10), null));
        }

        return ids;
    }

    public void Confirmed(PublishingIds ids)
    {
        for (var i = 0; i < ids.Count; i++)
        {
            told.Writer.TryWrite($"confirmed {ids[i]}");
        }
    }

    public void Refused(ulong publishingId, StreamResponseCode code) => told.Writer.TryWrite($"refused {publishingId} {code}");

    public void Closed(Exception reason) => told.Writer.TryWrite($"closed {reason.Message}");
}

/// <summary>Keeps the records of the chunks that a subscription is given, as "offset:text".</summary>
internal sealed class ChunkLog : IChunkObserver
{
    private readonly Channel<List<string>> chunks = Channel.CreateUnbounded<List<string>>();
    private readonly TaskCompletionSource<Exception> closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<Exception> Ended => closed.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    public int Waiting => chunks.Reader.Count;

    /// <summary>The records of the next chunk.</summary>
    public async Task<List<string>> NextAsync() =>
        await chunks.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    public void Delivered(StreamChunk chunk)
    {
        using (chunk)
        {
            var all = new List<string>();
            using var records = chunk.Records();
            while (records.MoveNext())
            {
                all.Add($"{records.Offset}:{System.Text.Encoding.UTF8.GetString(records.Current)}");
            }

            chunks.Writer.TryWrite(all);
        }
    }

    public void Closed(Exception reason) => closed.TrySetResult(reason);
}
