using System.Diagnostics;
using System.Text.RegularExpressions;
using FlowPlatform.Benchmarks.Measuring;
using FlowPlatform.Benchmarks.Running;

namespace FlowPlatform.Benchmarks.Scenarios;

/// <summary>What a person waits for while the dashboard takes a flood.</summary>
internal sealed partial class DashboardPages() : Scenario(
    "dashboard", "Every page of the dashboard's navigation over HTTP, with what it shows, the newest trace, and some searches, one after the other without a pause: at rest, with 100,000 spans and 50,000 log records kept, and while 10,000 spans/s come in (600 bytes, 512 a request, traces of 20).")
{
    private const double SpansPerSecond = 10_000;
    private const int KeptBefore = 100_000;
    private const int RecordsBefore = 50_000;
    private const int FloodSeconds = 20;

    /// <summary>What a page of the navigation shows when something is looked for. Nothing matches the last two, so that they look at all that a page may.</summary>
    private static readonly string[] Searches =
    [
        "/traces?service=payments&errors=true", "/map?minutes=10080", "/metrics?instrument=bench:duration.1&split=http.route", "/logs?level=Error", "/logs?text=nobody-wrote-this", "/traces?attribute=some.attribute.name.1%3Dnothing",
    ];

    public override async Task<Result> RunAsync(Bench bench) => await MeasureAsync(
        bench,
        new("at rest", () => AskAsync(bench, 0)),
        new("10,000 spans/s", () => AskAsync(bench, SpansPerSecond)));

    private static async Task<IReadOnlyList<Sample>> AskAsync(Bench bench, double spansPerSecond)
    {
        await using var dashboard = await DashboardProcess.StartAsync();
        var filled = bench.Count(KeptBefore) / SpanSender.SpansPerRequest;
        for (var number = 1; number <= filled;)
        {
            // What is refused is sent again, as exporters do.
            number += await SpanSender.SendAsync(dashboard, number) ? 1 : 0;
        }

        await SpanSender.KeptAsync(dashboard, filled * SpanSender.SpansPerRequest);
        await Surroundings.SendAsync(dashboard, bench.Count(RecordsBefore));
        var pages = await PagesAsync(dashboard);
        foreach (var page in pages)
        {
            await ReadAsync(dashboard, page); // compiled
        }

        using var over = new CancellationTokenSource();
        var answers = pages.Select(static page => new PageLatencies(page)).ToList();
        var asking = AskAllAsync(dashboard, answers, over.Token);
        var (accepted, refused, half) = (0, 0, 0L);
        var time = bench.Time(FloodSeconds);
        var (started, processor) = (Stopwatch.GetTimestamp(), dashboard.Processor);
        await Pace.RunAsync(Math.Max(1, spansPerSecond / SpanSender.SpansPerRequest), time, async (first, due) =>
        {
            for (var i = 0; i < due.Count && spansPerSecond > 0; i++)
            {
                _ = await SpanSender.SendAsync(dashboard, filled + first + i + 1) ? Interlocked.Add(ref accepted, SpanSender.SpansPerRequest) : Interlocked.Add(ref refused, SpanSender.SpansPerRequest);
            }

            half = half == 0 && Stopwatch.GetElapsedTime(started) > time / 2 ? dashboard.Memory : half;
        });
        await SpanSender.KeptAsync(dashboard, (filled * SpanSender.SpansPerRequest) + accepted);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await over.CancelAsync();
        await asking;
        return
        [
            new("kept", "spans/s", accepted / seconds), new("refused", "spans/s", refused / seconds), new("pages", "1/s", answers.Sum(static page => page.Count) / seconds),
            new("dashboard's CPU", "of a core", (dashboard.Processor - processor).TotalSeconds / seconds),
            new("memory at half time", "MB", half / 1e6), new("memory at the end", "MB", dashboard.Memory / 1e6), new("peak memory", "MB", dashboard.PeakMemory / 1e6),
            .. answers.SelectMany(static page => page.End()),
        ];
    }

    /// <summary>As a person does who can't wait: the next page as soon as the last is there. Each is asked for as often as any other.</summary>
    private static async Task AskAllAsync(DashboardProcess dashboard, List<PageLatencies> pages, CancellationToken cancellationToken)
    {
        for (var next = 0; !cancellationToken.IsCancellationRequested || next > 0; next = (next + 1) % pages.Count)
        {
            var started = Stopwatch.GetTimestamp();
            await ReadAsync(dashboard, pages[next].Page);
            pages[next].Add(Stopwatch.GetElapsedTime(started));
        }
    }

    private static async Task<string> ReadAsync(DashboardProcess dashboard, string page)
    {
        using var answer = await dashboard.Pages.GetAsync(new Uri(page, UriKind.Relative));
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>What the navigation leads to, the newest trace, and searches.</summary>
    private static async Task<IReadOnlyList<string>> PagesAsync(DashboardProcess dashboard)
    {
        List<string> pages = [.. Entry().Matches(NavigationPart().Match(await ReadAsync(dashboard, "/")).Value).Select(static match => $"/{match.Groups["href"].Value.TrimStart('/')}")];
        var trace = NewestTrace().Match(await ReadAsync(dashboard, "/traces"));
        return pages.Count > 0 && trace.Success ? [.. pages, $"/{trace.Groups["href"].Value}", .. Searches] : throw new InvalidOperationException("The dashboard has no navigation, or no trace.");
    }

    [GeneratedRegex("<nav.*?</nav>", RegexOptions.Singleline)]
    private static partial Regex NavigationPart();

    [GeneratedRegex("<a href=\"(?<href>[^\"]+)\"")]
    private static partial Regex Entry();

    [GeneratedRegex("<a href=\"/?(?<href>traces/[0-9a-f]{32})\"")]
    private static partial Regex NewestTrace();

    /// <summary>The latencies of one page.</summary>
    private sealed class PageLatencies(string page)
    {
        private readonly Latencies latencies = new();

        public string Page => page;

        public int Count => latencies.Count;

        public void Add(TimeSpan latency) => latencies.Add(latency);

        public IEnumerable<Sample> End() => latencies.End().Select(sample => sample with { Name = $"{NewestTraceId().Replace(page, "ID")} {sample.Name}" });
    }

    [GeneratedRegex("[0-9a-f]{32}")]
    private static partial Regex NewestTraceId();
}
