namespace FlowPlatform.Dashboard.Storage;

/// <summary>The three kinds of telemetry. Each has a queue, a file and a budget of its own, so that a flood of one drives nothing out of another.</summary>
internal enum Signal
{
    /// <summary>Spans.</summary>
    Traces,

    /// <summary>Log records.</summary>
    Logs,

    /// <summary>Data points.</summary>
    Metrics,
}
