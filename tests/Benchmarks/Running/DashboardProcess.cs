using System.Diagnostics;
using FlowPlatform.Dashboard;
using FlowPlatform.Dashboard.Storage;

namespace FlowPlatform.Benchmarks.Running;

/// <summary>The dashboard as a process of its own, as in a running system.</summary>
internal sealed class DashboardProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly TemporaryDirectory directory = new();

    private DashboardProcess()
    {
        var start = new ProcessStartInfo("dotnet", [typeof(DashboardSettings).Assembly.Location]) { RedirectStandardOutput = true, WorkingDirectory = AppContext.BaseDirectory };
        start.Environment["FLOW_DATA"] = directory.Path;
        start.Environment["FLOW_RUN"] = "bench";
        start.Environment["Dashboard__Otlp__AuthMode"] = "Unsecured";
        start.Environment["Dashboard__Frontend__AuthMode"] = "Unsecured";
        start.Environment["Dashboard__TelemetryLimits__MaxTraceBytes"] = $"{256L << 20}";
        process = Process.Start(start) ?? throw new InvalidOperationException("The dashboard doesn't start.");
    }

    public HttpClient Http { get; } = new();

    /// <summary>Asks for pages.</summary>
    public HttpClient Pages { get; } = new();

    /// <summary>The run that it writes; whoever reads it shares the files, as the dashboard's pages do.</summary>
    public TelemetryRun Run { get; private set; } = null!;

    public TimeSpan Processor
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>The memory that it has, bytes.</summary>
    public long Memory
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>The most memory that it has had, bytes.</summary>
    public long PeakMemory
    {
        get
        {
            process.Refresh();
            return process.PeakWorkingSet64;
        }
    }

    public static async Task<DashboardProcess> StartAsync()
    {
        var dashboard = new DashboardProcess();
        while (await dashboard.process.StandardOutput.ReadLineAsync() is { } line)
        {
            const string Link = "Dashboard: ";
            if (line.IndexOf(Link, StringComparison.Ordinal) is >= 0 and var link)
            {
                dashboard.Pages.BaseAddress = new Uri(line[(link + Link.Length)..]);
            }

            const string Mark = "HTTP on ";
            if (line.IndexOf(Mark, StringComparison.Ordinal) is >= 0 and var at)
            {
                dashboard.Http.BaseAddress = new Uri(line[(at + Mark.Length)..line.IndexOf(';', at)]);
                dashboard.Run = TelemetryRun.In(Directory.EnumerateDirectories(Path.Combine(dashboard.directory.Path, "telemetry")).Single())!;
                return dashboard;
            }
        }

        throw new InvalidOperationException("The dashboard has ended.");
    }

    public async ValueTask DisposeAsync()
    {
        Run?.Release();
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        Http.Dispose();
        Pages.Dispose();
        directory.Dispose();
    }
}
