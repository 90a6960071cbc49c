using FlowPlatform.Benchmarks.Measuring;
using FlowPlatform.Benchmarks.Running;
using FlowPlatform.Dashboard.Events;
using FlowPlatform.Dashboard.Streams;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ;

namespace FlowPlatform.Benchmarks.Scenarios;

/// <summary>What it costs a producer and a consumer that somebody looks into their stream. Both run in this process with the explorer, which is the hardest for them; the dashboard is one of its own.</summary>
internal sealed class Exploring() : Scenario(
    "exploring",
    "Events are appended at 1,000/s to three partitions that hold some before, and a projection on SQLite applies them; beside them the stream is searched from its beginning without end for what is not there, at the dashboard's rate cap, and followed live. From when an event was due to when it was confirmed, and to when it was committed.")
{
    private const double PerSecond = 1_000;
    private const double Seconds = 5;
    private const int Warm = 60;

    public override async Task<Result> RunAsync(Bench bench) => await MeasureAsync(
        bench,
        new("alone", () => RunAsync(bench, (_, _, _) => Task.CompletedTask)),
        new("beside a search and a live tail", () => RunAsync(bench, ExploreAsync)));

    private static async Task<IReadOnlyList<Sample>> RunAsync(Bench bench, Func<Bench, StreamDefinition, CancellationToken, Task> explore)
    {
        var clock = TimeProvider.System;
        var (confirmed, applied) = (new Latencies(), new Latencies());
        await using var log = bench.OpenLog();
        var stream = await bench.CreateStreamAsync(log, "exploring", 3);
        await Sales.FillAsync(log, stream, bench.Count(100_000));
        var tap = new TappedLog(bench.OpenLog(), null, records =>
        {
            var now = clock.GetUtcNow();
            foreach (var record in records.Where(record => record.Event.Time > DateTimeOffset.UnixEpoch))
            {
                applied.Add(now - record.Event.Time);
            }
        });
        await using var service = await BenchService.StartAsync(bench, "sqlite", tap, flow => flow.Projection<SalesOneByOne>(stream.Name));
        await Eventually.ThatAsync("the consumer has what was there before", async () => await service.CommittedAsync<SalesOneByOne>() == bench.Count(100_000), TimeSpan.FromMinutes(2));
        using var end = new CancellationTokenSource();
        var exploring = explore(bench, stream, end.Token);
        await using var appender = await Appender.OpenAsync(log, stream);
        await appender.AppendAsync([.. Sales.Of(Warm).Select(sold => (sold, DateTimeOffset.UnixEpoch))]);
        var sales = Sales.Of((int)(PerSecond * bench.Time(Seconds).TotalSeconds), seed: 2).ToList();
        var sent = await Pace.RunAsync(PerSecond, bench.Time(Seconds), async (first, due) =>
        {
            await appender.AppendAsync([.. due.Select((time, index) => (sales[first + index], time))]);
            var now = clock.GetUtcNow();
            foreach (var time in due)
            {
                confirmed.Add(now - time);
            }
        });
        await Eventually.ThatAsync("the consumer has them all", () => applied.Count == sent, TimeSpan.FromMinutes(1));
        await end.CancelAsync();
        await exploring;
        return [.. confirmed.End().Select(static sample => sample with { Name = $"confirmed {sample.Name}" }), .. applied.End().Select(static sample => sample with { Name = $"applied {sample.Name}" })];
    }

    /// <summary>As the dashboard does it: a log of its own with its buffers, and one rate cap for both.</summary>
    private static async Task ExploreAsync(Bench bench, StreamDefinition stream, CancellationToken end)
    {
        await using var connection = new LogConnection(new RabbitMqEventLog(
            new RabbitMqEventLogOptions { AmqpUri = bench.AmqpUri, StreamUri = bench.StreamUri, ConnectionName = LogConnection.Name, InitialCredit = LogConnection.Batches }, TimeProvider.System));
        var cap = new RateCap(EventLimits.Default, TimeProvider.System);
        using var scan = new EventScan(connection, cap, TimeProvider.System);
        var searching = SearchAsync(connection, scan, stream, end);
        try
        {
            await using var tail = await EventTail.OpenAsync(connection, cap, [.. stream.PartitionIds], EventFilter.All, end);
            while ((await tail.ReadAsync(200, end)).Count > 0)
            {
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // It was measured long enough.
        }

        await searching;
    }

    private static async Task SearchAsync(LogConnection connection, EventScan scan, StreamDefinition stream, CancellationToken end)
    {
        try
        {
            while (true)
            {
                var slices = new List<Slice>();
                foreach (var partition in stream.PartitionIds)
                {
                    slices.Add(new Slice(partition, LogPosition.First, (await connection.Log!.ReadLastAsync(partition, end))?.Offset ?? -1));
                }

                await scan.RunAsync(slices, static record => record.Event.Key == "is not there", EventLimits.MaxPage, EventLimits.MaxScanned, null, CancellationToken.None, end);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // It was measured long enough.
        }
    }
}
