using FlowPlatform.Events;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ;
using FlowPlatform.RabbitMQ.StreamProtocol;
using FlowPlatform.RabbitMQ.Tests;

namespace FlowPlatform.EndToEnd.Tests.Claims;

/// <summary>Why a consumer that takes nothing holds back no other: below it is a reader with a connection and a credit of its own.</summary>
public sealed class CreditTests(ClaimServers servers)
{
    private const int Batches = 40;
    private const int BatchEvents = 100;
    private const int Credit = 10;
    private readonly PartitionId partition = new($"credit-{Guid.NewGuid():N}", 0);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reader_that_gives_nothing_back_is_sent_its_credit_and_no_more_while_another_reads_to_the_end()
    {
        var broker = await servers.BrokerAsync();
        var stream = new Uri(broker.StreamUri);
        await using var proxy = new TcpProxy(new StreamEndpoint(stream.Host, stream.Port));
        await using var log = new RabbitMqEventLog(
            new RabbitMqEventLogOptions { AmqpUri = new Uri(broker.AmqpUri), StreamUri = stream, InitialCredit = Credit, AddressResolver = _ => proxy.Endpoint }, TimeProvider.System);
        await log.EnsureStreamAsync(new StreamDefinition(partition.Stream, 1), Token);
        await AppendAsync(log, first: 1);
        await log.ReadLastAsync(partition, Token);

        // Counted at the proxy: each reader comes over a connection of its own.
        var connections = proxy.Accepted;
        await using var taking = await log.OpenReaderAsync(partition, LogPosition.First, Token);
        (proxy.Accepted - connections).ShouldBe(1);
        await using var other = await log.OpenReaderAsync(partition, LogPosition.First, Token);
        (proxy.Accepted - connections).ShouldBe(2);

        List<LogBatch> held = [];
        for (var batch = 0; batch < Credit; batch++)
        {
            held.Add(await taking.ReadAsync(Token));
        }

        var next = taking.ReadAsync(Token).AsTask();
        (await ReadToAsync(other, Batches * BatchEvents)).ShouldBe(Enumerable.Range(1, Batches * BatchEvents).Select(sequence => (long)sequence));
        await AppendAsync(log, first: (Batches * BatchEvents) + 1);
        (await ReadToAsync(other, 2 * Batches * BatchEvents)).Count.ShouldBe(Batches * BatchEvents);

        // Some 70 batches later it still waits: for what it holds to come back, and for nothing else.
        next.IsCompleted.ShouldBeFalse();
        var seen = held.SelectMany(batch => batch.Records).Select(record => record.Event.Sequence).ToList();
        held.ForEach(batch => batch.Dispose());
        using (var first = await next)
        {
            seen.AddRange(first.Records.Select(record => record.Event.Sequence));
        }

        seen.AddRange(await ReadToAsync(taking, 2 * Batches * BatchEvents));
        seen.ShouldBe(Enumerable.Range(1, 2 * Batches * BatchEvents).Select(sequence => (long)sequence));
    }

    /// <summary>Each batch is confirmed before the next is sent, so that none share a chunk.</summary>
    private async Task AppendAsync(RabbitMqEventLog log, int first)
    {
        await using var writer = await log.OpenWriterAsync(partition, "credit/1", Token);
        foreach (var batch in Enumerable.Range(first, Batches * BatchEvents).Chunk(BatchEvents))
        {
            await writer.AppendAsync([.. batch.Select(Event)], Token);
        }
    }

    private static EventEnvelope Event(int sequence) => new()
    {
        Id = $"{sequence}",
        Type = EventType.Of(typeof(MeterRead)).Name,
        Source = "credit",
        Key = "meter",
        Time = DateTimeOffset.UnixEpoch,
        CommittedAt = DateTimeOffset.UnixEpoch,
        Producer = "credit/1",
        Sequence = sequence,
        Data = FlowJson.Serialize(new MeterRead("meter", "district", sequence)),
    };

    private static async Task<List<long>> ReadToAsync(IPartitionReader reader, long last)
    {
        List<long> sequences = [];
        while (sequences.Count == 0 || sequences[^1] < last)
        {
            using var batch = await reader.ReadAsync(Token);
            sequences.AddRange(batch.Records.Select(record => record.Event.Sequence));
        }

        return sequences;
    }
}
