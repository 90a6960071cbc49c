using System.Diagnostics;
using Dapper;
using FlowPlatform.Benchmarks.Measuring;
using FlowPlatform.Benchmarks.Running;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Traces;
using FlowPlatform.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using TraceFilter = FlowPlatform.Dashboard.Traces.TraceFilter;

namespace FlowPlatform.Benchmarks.Scenarios;

/// <summary>What the dashboard can take, and what it answers meanwhile.</summary>
internal sealed class Intake() : Scenario(
    "intake", "Spans of 600 bytes, 512 a request, traces of 20, into a dashboard of its own process over HTTP, against a loop that writes as many rows into one SQLite table.")
{
    private const int Senders = 4;
    private const double Paced = 10_000;

    public override async Task<Result> RunAsync(Bench bench) => await MeasureAsync(
        bench,
        new("plain SQLite", () => PlainAsync(bench.Count(200_000))),
        new("as fast as it goes", () => FloodAsync(bench.Count(200_000))),
        new("10,000 spans/s, with questions", () => PacedAsync(bench.Time(10))));

    private static Task<IReadOnlyList<Sample>> PlainAsync(int count)
    {
        using var directory = new TemporaryDirectory();
        using var connection = new SqliteConnection($"Data Source={Path.Combine(directory.Path, "plain.db")};Pooling=False");
        connection.Open();
        connection.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE span (id INTEGER PRIMARY KEY, text TEXT NOT NULL)");
        using var add = new Statement(connection, "INSERT INTO span (text) VALUES (?1)");
        var text = new string('x', 600);
        var started = Stopwatch.GetTimestamp();
        for (var written = 0; written < count;)
        {
            connection.Execute("BEGIN IMMEDIATE");
            for (var i = 0; i < 4_000 && written < count; i++, written++)
            {
                add.With(1, text).Run();
            }

            connection.Execute("COMMIT TRANSACTION");
        }

        return Task.FromResult(Samples(count / Stopwatch.GetElapsedTime(started).TotalSeconds));
    }

    private static async Task<IReadOnlyList<Sample>> FloodAsync(int count)
    {
        await using var dashboard = await DashboardProcess.StartAsync();
        var (sent, accepted, refused) = (0, 0, 0);
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(async _ =>
        {
            while (Volatile.Read(ref accepted) < count)
            {
                _ = await SpanSender.SendAsync(dashboard, Interlocked.Increment(ref sent)) ? Interlocked.Add(ref accepted, SpanSender.SpansPerRequest) : Interlocked.Add(ref refused, SpanSender.SpansPerRequest);
            }
        }));
        await SpanSender.KeptAsync(dashboard, accepted);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return Samples(accepted / seconds, refused / seconds, dashboard.Processor.TotalMicroseconds / accepted, dashboard.PeakMemory / 1e6);
    }

    private static async Task<IReadOnlyList<Sample>> PacedAsync(TimeSpan time)
    {
        await using var dashboard = await DashboardProcess.StartAsync();
        using var over = new CancellationTokenSource();
        var asking = AskAsync(dashboard, over.Token);
        var (accepted, refused) = (0, 0);
        var started = Stopwatch.GetTimestamp();
        await Pace.RunAsync(Paced / SpanSender.SpansPerRequest, time, async (first, due) =>
        {
            for (var i = 0; i < due.Count; i++)
            {
                _ = await SpanSender.SendAsync(dashboard, first + i + 1) ? Interlocked.Add(ref accepted, SpanSender.SpansPerRequest) : Interlocked.Add(ref refused, SpanSender.SpansPerRequest);
            }
        });
        await SpanSender.KeptAsync(dashboard, accepted);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await over.CancelAsync();
        var answers = await asking;
        answers.Sort();
        return Samples(
            accepted / seconds, refused / seconds, dashboard.Processor.TotalMicroseconds / accepted, dashboard.PeakMemory / 1e6, answers[answers.Count / 2], answers[(int)(answers.Count * 0.99)]);
    }

    /// <summary>The same figures for all; 0 where there is none.</summary>
    private static IReadOnlyList<Sample> Samples(double kept, double refused = 0, double processor = 0, double memory = 0, double p50 = 0, double p99 = 0) =>
    [
        new("kept", "spans/s", kept), new("refused", "spans/s", refused), new("dashboard's CPU", "µs/span", processor), new("peak memory", "MB", memory), new("answer p50", "ms", p50), new("answer p99", "ms", p99),
    ];

    /// <summary>What the page of traces asks, in turn: the newest, those of one service with an error, and the newest whole.</summary>
    private static async Task<List<double>> AskAsync(DashboardProcess dashboard, CancellationToken cancellationToken)
    {
        using var reader = new TelemetryReader(TimeProvider.System);
        var traces = new TraceList(reader);
        var details = new TraceDetails(reader, new Dashboard.Logs.LogList(reader));
        var milliseconds = new List<double>();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        while (!cancellationToken.IsCancellationRequested && await timer.WaitForNextTickAsync(CancellationToken.None))
        {
            var started = Stopwatch.GetTimestamp();
            var page = await traces.FindAsync(dashboard.Run, new TraceFilter(), null, 50, CancellationToken.None);
            milliseconds.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            started = Stopwatch.GetTimestamp();
            await traces.FindAsync(dashboard.Run, new TraceFilter { Service = "service-1", ErrorsOnly = true }, null, 50, CancellationToken.None);
            milliseconds.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            if (page.Traces.Count > 0)
            {
                started = Stopwatch.GetTimestamp();
                await details.ReadAsync(dashboard.Run, page.Traces[0].Id, CancellationToken.None);
                milliseconds.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }
        }

        return milliseconds;
    }
}
