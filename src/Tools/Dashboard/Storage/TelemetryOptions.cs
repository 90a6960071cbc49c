namespace FlowPlatform.Dashboard.Storage;

/// <summary>Where telemetry is kept, and how much of it.</summary>
internal sealed record TelemetryOptions
{
    /// <summary>Has a directory for each run.</summary>
    public required string Directory { get; init; }

    /// <summary>Names the run, so that a dashboard that is started again within it goes on with it; null (default): every start is a run of its own. Letters, digits and dashes.</summary>
    public string? RunKey { get; init; }

    /// <summary>Size of a run's traces, in bytes; default 512 MiB. The oldest go first.</summary>
    public long MaxTraceBytes { get; init; } = 512L << 20;

    /// <summary>Size of a run's logs, in bytes; default 256 MiB.</summary>
    public long MaxLogBytes { get; init; } = 256L << 20;

    /// <summary>Size of a run's metrics, in bytes; default 256 MiB.</summary>
    public long MaxMetricBytes { get; init; } = 256L << 20;

    /// <summary>Size of all runs together, in bytes; default 4 GiB. The oldest runs go first, the current one never.</summary>
    public long MaxTotalBytes { get; init; } = 4L << 30;

    /// <summary>How long anything is kept; default 7 days.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Runs that are kept, the current one among them; default 10.</summary>
    public int MaxRuns { get; init; } = 10;

    /// <summary>What of each signal may wait to be written, in bytes as received; default 16 MiB. What comes when that is full is refused, to be sent again.</summary>
    public long MaxWaitingBytes { get; init; } = 16L << 20;

    /// <summary>Spans of one trace; default 10,000. A trace that never ends is cut, and what was cut is counted.</summary>
    public int MaxSpansPerTrace { get; init; } = 10_000;

    /// <summary>Time series, of all instruments and resources; default 20,000. New ones beyond are dropped and counted.</summary>
    public int MaxSeries { get; init; } = 20_000;
}
