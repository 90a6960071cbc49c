using System.Diagnostics;
using System.Text.RegularExpressions;
using FlowPlatform.Benchmarks.Measuring;
using FlowPlatform.Benchmarks.Running;

namespace FlowPlatform.Benchmarks.Scenarios;

/// <summary>What a person waits for while the dashboard takes a flood.</summary>
internal sealed partial class DashboardPages() : Scenario(
    "dashboard", "Every page of the dashboard's navigation over HTTP, with what it shows, one after the other without a pause: at rest, with 100,000 spans kept, and while 10,000 spans/s come in (600 bytes, 512 a request, traces of 8).")
{
    private const double SpansPerSecond = 10_000;
    private const int KeptBefore = 100_000;

    public override async Task<Result> RunAsync(Bench bench) => await MeasureAsync(
        bench,
        new("at rest", () => AskAsync(bench, 0)),
        new("10,000 spans/s", () => AskAsync(bench, SpansPerSecond)));

    private static async Task<IReadOnlyList<Sample>> AskAsync(Bench bench, double spansPerSecond)
    {
        await using var dashboard = await DashboardProcess.StartAsync();
        var filled = bench.Count(KeptBefore) / SpanSender.SpansPerRequest;
        for (var number = 1; number <= filled; number++)
        {
            _ = await SpanSender.SendAsync(dashboard, number) ? 0 : throw new InvalidOperationException("The dashboard refuses a span at rest.");
        }

        await SpanSender.KeptAsync(dashboard, filled * SpanSender.SpansPerRequest);
        var pages = await PagesAsync(dashboard);
        foreach (var page in pages)
        {
            await ReadAsync(dashboard, page); // compiled
        }

        using var over = new CancellationTokenSource();
        var answers = new Latencies();
        var asking = AskAllAsync(dashboard, pages, answers, over.Token);
        var (accepted, refused, half) = (0, 0, 0L);
        var time = bench.Time(20);
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
            new("kept", "spans/s", accepted / seconds), new("refused", "spans/s", refused / seconds), new("pages", "1/s", answers.Count / seconds), .. answers.End(),
            new("dashboard's CPU", "of a core", (dashboard.Processor - processor).TotalSeconds / seconds),
            new("memory at half time", "MB", half / 1e6), new("memory at the end", "MB", dashboard.Memory / 1e6), new("peak memory", "MB", dashboard.PeakMemory / 1e6),
        ];
    }

    /// <summary>As a person does who can't wait: the next page as soon as the last is there.</summary>
    private static async Task AskAllAsync(DashboardProcess dashboard, IReadOnlyList<string> pages, Latencies answers, CancellationToken cancellationToken)
    {
        for (var next = 0; !cancellationToken.IsCancellationRequested; next = (next + 1) % pages.Count)
        {
            var started = Stopwatch.GetTimestamp();
            await ReadAsync(dashboard, pages[next]);
            answers.Add(Stopwatch.GetElapsedTime(started));
        }
    }

    private static async Task<string> ReadAsync(DashboardProcess dashboard, string page)
    {
        using var answer = await dashboard.Pages.GetAsync(new Uri(page, UriKind.Relative));
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>What the navigation leads to, and the newest trace.</summary>
    private static async Task<IReadOnlyList<string>> PagesAsync(DashboardProcess dashboard)
    {
        List<string> pages = [.. Entry().Matches(NavigationPart().Match(await ReadAsync(dashboard, "/")).Value).Select(static match => $"/{match.Groups["href"].Value.TrimStart('/')}")];
        return pages.Count > 0 ? pages : throw new InvalidOperationException("The dashboard's first page has no navigation.");
    }

    [GeneratedRegex("<nav.*?</nav>", RegexOptions.Singleline)]
    private static partial Regex NavigationPart();

    [GeneratedRegex("<a href=\"(?<href>[^\"]+)\"")]
    private static partial Regex Entry();
}
