using FlowPlatform.Benchmarks.Measuring;
using FlowPlatform.Benchmarks.Running;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace FlowPlatform.Benchmarks.Scenarios;

/// <summary>What one consumer of a stream costs another. Both run in this process, so that they share everything that the platform doesn't keep apart.</summary>
internal abstract class Isolation(string name, string summary) : Scenario(name, summary)
{
    private const string Kind = "sqlite";
    private static readonly TimeSpan Slowness = TimeSpan.FromMilliseconds(5);

    public override async Task<Result> RunAsync(Bench bench) => await MeasureAsync(
        bench,
        new("alone", () => RunAsync(bench, (_, _) => Task.FromResult<IAsyncDisposable?>(null))),
        new("beside one that hangs in its transaction", () => RunAsync(bench, HangingAsync)),
        new("beside one that is stuck in its database", () => RunAsync(bench, StuckAsync)),
        new("beside one that takes 5 ms for each event, waiting", () => RunAsync(bench, SlowAsync)),
        new("beside an equal one", () => RunAsync(bench, EqualAsync)));

    /// <summary>True if there are events before the neighbour starts: then it is waited for until it hangs or has begun to be slow, so that what it reads at first is not measured.</summary>
    protected abstract bool IsFilled { get; }

    /// <summary>One round.</summary>
    /// <param name="bench">The run.</param>
    /// <param name="neighbour">Starts the neighbour on a stream.</param>
    protected abstract Task<IReadOnlyList<Sample>> RunAsync(Bench bench, Func<Bench, string, Task<IAsyncDisposable?>> neighbour);

    protected static Task<BenchService> StartAsync(Bench bench, string stream, IEventLog log) => BenchService.StartAsync(bench, Kind, log, flow => flow.Projection<SalesOneByOne>(stream));

    private async Task<IAsyncDisposable?> HangingAsync(Bench bench, string stream)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return await AilingAsync(bench, stream, () => gate.Task, () => gate.TrySetResult());
    }

    private async Task<IAsyncDisposable?> SlowAsync(Bench bench, string stream)
    {
        var ended = false;
        var timer = new PeriodicTimer(Slowness);
        return await AilingAsync(
            bench,
            stream,
            async () => await (Volatile.Read(ref ended) ? ValueTask.FromResult(false) : timer.WaitForNextTickAsync()),
            () =>
            {
                Volatile.Write(ref ended, true);
                timer.Dispose();
            });
    }

    private static async Task<IAsyncDisposable?> StuckAsync(Bench bench, string stream)
    {
        var service = await BenchService.StartAsync(bench, Kind, bench.OpenLog(), flow => flow.Projection<SalesFolded>(stream));
        var held = new SqliteConnection($"Data Source={Path.Combine(service.Directory, "sales-folded.g1.db")};Pooling=False");
        await held.OpenAsync();
        await using var begin = new SqliteCommand("BEGIN IMMEDIATE", held);
        await begin.ExecuteNonQueryAsync();
        return new Both(held, service);
    }

    private static async Task<IAsyncDisposable?> EqualAsync(Bench bench, string stream) => await StartAsync(bench, stream, bench.OpenLog());

    private async Task<IAsyncDisposable> AilingAsync(Bench bench, string stream, Func<Task> before, Action release)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task Before()
        {
            reached.TrySetResult();
            return before();
        }

        var service = await BenchService.StartAsync(
            bench,
            Kind,
            bench.OpenLog(),
            flow =>
            {
                flow.Projection<Ailing>(stream);
                flow.Services.AddSingleton(new Ailing(Before));
            },
            release);
        await (IsFilled ? reached.Task : Task.CompletedTask);
        return service;
    }

    /// <summary>The lock first, so that the service can stop in order.</summary>
    private sealed class Both(IAsyncDisposable first, IAsyncDisposable second) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await first.DisposeAsync();
            await second.DisposeAsync();
        }
    }
}

/// <summary>Catching up.</summary>
internal sealed class IsolationThroughput() : Isolation(
    "isolation-throughput",
    "A projection on SQLite catches up with a stream of three partitions from the beginning; another consumer of the same stream, in the same process, was started before it.")
{
    protected override bool IsFilled => true;

    protected override async Task<IReadOnlyList<Sample>> RunAsync(Bench bench, Func<Bench, string, Task<IAsyncDisposable?>> neighbour)
    {
        await using var log = bench.OpenLog();
        var stream = await bench.CreateStreamAsync(log, "isolation", 3);
        var events = bench.Count(60_000);
        await Sales.FillAsync(log, stream, events);
        await using var other = await neighbour(bench, stream.Name);
        var progress = new CatchUp(events);
        await using var service = await StartAsync(bench, stream.Name, progress.Tap(bench.OpenLog()));
        return [new("catch up", "events/s", await progress.RateAsync())];
    }
}

/// <summary>Live.</summary>
internal sealed class IsolationLatency() : Isolation(
    "isolation-latency",
    "Events are appended at 1,000/s to three partitions, as they are due, and a projection on SQLite applies them; another consumer of the same stream is in the same process. From when an event was due to when it was committed.")
{
    private const double PerSecond = 1_000;
    private const double Seconds = 3;
    private const int Warm = 60;

    protected override bool IsFilled => false;

    protected override async Task<IReadOnlyList<Sample>> RunAsync(Bench bench, Func<Bench, string, Task<IAsyncDisposable?>> neighbour)
    {
        var clock = TimeProvider.System;
        var latencies = new Latencies();
        await using var log = bench.OpenLog();
        var stream = await bench.CreateStreamAsync(log, "isolation", 3);
        await using var other = await neighbour(bench, stream.Name);
        var tap = new TappedLog(bench.OpenLog(), null, records =>
        {
            var now = clock.GetUtcNow();
            foreach (var record in records.Where(record => record.Event.Time > DateTimeOffset.UnixEpoch))
            {
                latencies.Add(now - record.Event.Time);
            }
        });
        await using var service = await StartAsync(bench, stream.Name, tap);
        await using var appender = await Appender.OpenAsync(log, stream);
        await appender.AppendAsync([.. Sales.Of(Warm).Select(sold => (sold, DateTimeOffset.UnixEpoch))]);
        await Eventually.ThatAsync("the consumer has the first events", async () => await service.CommittedAsync<SalesOneByOne>() == Warm);

        var sales = Sales.Of((int)(PerSecond * bench.Time(Seconds).TotalSeconds), seed: 2).ToList();
        var sent = await Pace.RunAsync(PerSecond, bench.Time(Seconds), (first, due) => appender.AppendAsync([.. due.Select((time, index) => (sales[first + index], time))]));
        await Eventually.ThatAsync("the consumer has them all", () => latencies.Count == sent, TimeSpan.FromMinutes(1));
        return latencies.End();
    }
}
