using FlowPlatform.Dashboard.Storage;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>Whether replays and rebuilds are among the traces.</summary>
internal enum ReplayFilter
{
    /// <summary>Both are shown.</summary>
    Any,

    /// <summary>Live traffic only.</summary>
    Live,

    /// <summary>Replays only.</summary>
    Replayed,
}

/// <summary>An attribute and its value, as text: <c>200</c>, <c>true</c>, <c>GET</c>.</summary>
internal sealed record AttributeFilter(string Name, string Value)
{
    /// <summary>Reads <c>name=value</c>; null if it is something else.</summary>
    public static AttributeFilter? Parse(string text) => text.Split('=', 2, StringSplitOptions.TrimEntries) is [{ Length: > 0 } name, var value] ? new AttributeFilter(name, value) : null;
}

/// <summary>
/// Which traces are shown. Service, name, error and attribute must hold for one and the same span; time, duration and replay are the whole trace's.
/// </summary>
internal sealed record TraceFilter
{
    /// <summary>Traces that began at or after this.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Traces that began before this.</summary>
    public DateTimeOffset? To { get; init; }

    public string? Service { get; init; }

    /// <summary>Part of a span's name, upper or lower case.</summary>
    public string? Name { get; init; }

    public bool ErrorsOnly { get; init; }

    public AttributeFilter? Attribute { get; init; }

    public TimeSpan? MinDuration { get; init; }

    public TimeSpan? MaxDuration { get; init; }

    public ReplayFilter Replay { get; init; }
}

/// <summary>Where the next page begins.</summary>
internal readonly record struct TraceCursor(long Start, long Id);

/// <summary>A trace in a list.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Name of its root, or of its earliest span until the root is there.</param>
/// <param name="Service">The root's service.</param>
/// <param name="HasRoot">False: spans came, but not their root (yet).</param>
/// <param name="Start">When it began.</param>
/// <param name="Duration">From the start of its first span to the end of its last.</param>
/// <param name="Spans">How many it has.</param>
/// <param name="Errors">How many of them failed.</param>
/// <param name="IsReplay">Whether events were replayed.</param>
/// <param name="Services">Who took part, and with how many spans.</param>
internal sealed record TraceSummary(
    TraceId Id, string Name, string Service, bool HasRoot, DateTimeOffset Start, TimeSpan Duration, int Spans, int Errors, bool IsReplay, IReadOnlyList<ServiceShare> Services);

/// <summary>A service's part of a trace.</summary>
internal sealed record ServiceShare(string Service, int Spans, int Errors);

/// <summary>Traces, newest first.</summary>
/// <param name="Traces">Those that were found.</param>
/// <param name="Next">Where to go on; null: there is nothing older.</param>
/// <param name="SearchedTo">Not null: the search stopped here, because it had looked at enough; older ones may match, too.</param>
internal sealed record TracePage(IReadOnlyList<TraceSummary> Traces, TraceCursor? Next, DateTimeOffset? SearchedTo);
