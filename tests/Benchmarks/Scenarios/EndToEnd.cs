using FlowPlatform.Benchmarks.Measuring;
using FlowPlatform.Benchmarks.Running;
using FlowPlatform.Log;

namespace FlowPlatform.Benchmarks.Scenarios;

/// <summary>From a decision to another service's committed rows.</summary>
internal sealed class EndToEnd(string kind) : Scenario(
    $"end-to-end-{kind}",
    $"One decision per event at a fixed rate: commit in one service's store, outbox, relay, stream, another service's projection, commit in its store. From when the decision was due to when the consumer has committed. Stores: {kind}. A partition with more than 20 commits a second has its small sends spaced at 50 ms (decision 7): that is what is seen from 200/s on.")
{
    private const int Warm = 60;

    public override async Task<Result> RunAsync(Bench bench) => await MeasureAsync(
        bench,
        new("20/s", () => RunAsync(bench, 20, 5)),
        new("200/s", () => RunAsync(bench, 200, 4)),
        new("2,000/s", () => RunAsync(bench, 2_000, 4)));

    private async Task<IReadOnlyList<Sample>> RunAsync(Bench bench, double perSecond, double seconds)
    {
        var clock = TimeProvider.System;
        var latencies = new Latencies();
        var stream = bench.Own(new StreamDefinition(bench.NewName("decisions"), 3));
        await using var producer = await BenchService.StartAsync(bench, kind, bench.OpenLog(), flow => flow.Publishes<SalesEvent>(stream.Name));
        var tap = new TappedLog(bench.OpenLog(), null, records =>
        {
            var now = clock.GetUtcNow();
            foreach (var record in records.Where(record => record.Event.Time > DateTimeOffset.UnixEpoch))
            {
                latencies.Add(now - record.Event.Time);
            }
        });
        await using var consumer = await BenchService.StartAsync(bench, kind, tap, flow => flow.Projection<SalesOneByOne>(stream.Name));
        await Task.WhenAll(Sales.Of(Warm).Select(sold => DecideAsync(producer, sold, DateTimeOffset.UnixEpoch)));
        await Eventually.ThatAsync("the consumer has the first events", async () => await consumer.CommittedAsync<SalesOneByOne>() == Warm);

        var sales = Sales.Of((int)(perSecond * bench.Time(seconds).TotalSeconds), seed: 2).ToList();
        var sent = await Pace.RunAsync(perSecond, bench.Time(seconds), (first, due) => Task.WhenAll(due.Select((time, index) => DecideAsync(producer, sales[first + index], time))));
        await Eventually.ThatAsync("the consumer has them all", () => latencies.Count == sent, TimeSpan.FromMinutes(1));
        return latencies.End();
    }

    private static Task DecideAsync(BenchService producer, Sold sold, DateTimeOffset due) =>
        producer.Store.WriteAsync(transaction => ValueTask.FromResult(transaction.Emit(sold, due)), CancellationToken.None);
}
