using FlowPlatform.Dashboard.Events;
using FlowPlatform.Dashboard.Streams;
using FlowPlatform.Dashboard.Tests.Support;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ;
using FlowPlatform.RabbitMQ.Tests;

namespace FlowPlatform.Dashboard.Tests.Events;

/// <summary>Who explores a stream must not disturb those who work on it.</summary>
public sealed class ExplorationTests(DashboardBroker broker)
{
    private const int Batches = 40;
    private const int BatchEvents = 100;
    private const int All = Batches * BatchEvents;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Explorers_that_stand_still_at_their_rate_cap_hold_back_no_producer_and_no_consumer()
    {
        await using var service = await broker.OpenAsync();
        var partition = new PartitionId(await DashboardBroker.CreateStreamAsync(service, "explored", 1), 0);
        await AppendAsync(service, partition, first: 1);

        // On a clock that stands still nothing is ever paid for: whoever explores is stuck as long as the test lasts.
        await using var connection = await ConnectAsync();
        var clock = new ManualTime();
        var cap = new RateCap(new EventLimits(EventsPerSecond: 1, BytesPerSecond: 1_000_000), clock);
        using var scan = new EventScan(connection, cap, clock);
        var looked = 0;
        var exploring = scan.RunAsync([new Slice(partition, LogPosition.First, All - 1)], _ => Interlocked.Increment(ref looked) < 0, 10, int.MaxValue, null, CancellationToken.None, Cancel);
        await using var tail = await EventTail.OpenAsync(connection, cap, [partition], EventFilter.All, Cancel);

        // A producer and a consumer go through everything meanwhile.
        await AppendAsync(service, partition, first: All + 1);
        await using var consumer = await service.OpenReaderAsync(partition, LogPosition.First, Cancel);
        (await ReadToAsync(consumer, 2 * All)).ShouldBe(Enumerable.Range(1, 2 * All).Select(static sequence => (long)sequence));

        // The search has seen its first batch and waits; the tail has taken one batch, and hands out no other.
        exploring.IsCompleted.ShouldBeFalse();
        Volatile.Read(ref looked).ShouldBeLessThanOrEqualTo(BatchEvents);
        (await tail.ReadAsync(int.MaxValue, Cancel)).Count.ShouldBeInRange(1, BatchEvents);
        tail.ReadAsync(1, Cancel).IsCompleted.ShouldBeFalse();

        // They go on when they may, and miss nothing.
        await clock.PassUntilAsync(exploring);
        Volatile.Read(ref looked).ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_tail_that_nobody_takes_from_is_filled_once_and_holds_back_nobody()
    {
        await using var service = await broker.OpenAsync();
        var partition = new PartitionId(await DashboardBroker.CreateStreamAsync(service, "paused", 1), 0);
        await using var connection = await ConnectAsync();
        await using var tail = await EventTail.OpenAsync(connection, new RateCap(new EventLimits(10_000_000, 1L << 32), TimeProvider.System), [partition], EventFilter.All, Cancel);
        await AppendAsync(service, partition, first: 1);
        await using var consumer = await service.OpenReaderAsync(partition, LogPosition.First, Cancel);
        (await ReadToAsync(consumer, All)).Count.ShouldBe(All);

        // Whoever goes on looking afterwards has missed nothing.
        var seen = new List<long>();
        while (seen.Count < All)
        {
            seen.AddRange((await tail.ReadAsync(1_000, Cancel)).Select(static record => record.Event.Sequence));
        }

        seen.ShouldBe(Enumerable.Range(1, All).Select(static sequence => (long)sequence));
    }

    [Fact]
    public async Task All_who_explore_share_one_rate()
    {
        var clock = new ManualTime();
        var cap = new RateCap(new EventLimits(EventsPerSecond: 1_000, BytesPerSecond: long.MaxValue), clock);
        var began = clock.GetUtcNow();
        await clock.PassUntilAsync(Task.WhenAll([.. Enumerable.Range(0, 10).Select(_ => cap.TakeAsync(1_000, 0, Cancel).AsTask())]));
        (clock.GetUtcNow() - began).ShouldBeGreaterThan(TimeSpan.FromSeconds(9), "Ten times a second's share takes ten seconds, whoever asks.");
    }

    private async Task<LogConnection> ConnectAsync() => new(await broker.OpenAsync(LogConnection.Batches));

    /// <summary>Each batch is confirmed before the next is sent, so that none share a chunk.</summary>
    private static async Task AppendAsync(RabbitMqEventLog log, PartitionId partition, int first)
    {
        await using var writer = await log.OpenWriterAsync(partition, "explored/1", Cancel);
        foreach (var batch in Enumerable.Range(first, All).Chunk(BatchEvents))
        {
            await writer.AppendAsync([.. batch.Select(static sequence => DashboardBroker.Event(sequence))], Cancel);
        }
    }

    private static async Task<List<long>> ReadToAsync(IPartitionReader reader, long last)
    {
        var seen = new List<long>();
        while (seen.Count == 0 || seen[^1] < last)
        {
            using var batch = await reader.ReadAsync(Cancel);
            seen.AddRange(batch.Records.Select(static record => record.Event.Sequence));
        }

        return seen;
    }
}
