namespace FlowPlatform.Dashboard.Traces;

/// <summary>How one party reaches another.</summary>
internal enum EdgeKind
{
    /// <summary>A request that is answered.</summary>
    Call,

    /// <summary>An event or a command, by a stream or a queue.</summary>
    Message,

    /// <summary>A database that only its service uses.</summary>
    Database,

    /// <summary>Somebody who sends no telemetry.</summary>
    External,

    /// <summary>No edge that is drawn: all that a service does, from itself to nobody.</summary>
    Own,
}

/// <summary>Who talks to whom.</summary>
/// <param name="Services">Services, with what they did.</param>
/// <param name="Edges">What goes between them.</param>
/// <param name="From">Start of the time that was looked at: the full minute in which the one asked for begins.</param>
/// <param name="To">Its end.</param>
/// <param name="IsPartial">Whether there are more edges or services than are looked at; then it is those with the most spans.</param>
internal sealed record ServiceMap(IReadOnlyList<MapService> Services, IReadOnlyList<MapEdge> Edges, DateTimeOffset From, DateTimeOffset To, bool IsPartial);

/// <summary>A service. Its rate is that of spans.</summary>
internal sealed record MapService(string Name, double SpansPerSecond, double ErrorShare);

/// <summary>What goes from one to another.</summary>
/// <param name="From">The service that calls or sends.</param>
/// <param name="To">The service, database or address.</param>
/// <param name="Kind">How.</param>
/// <param name="Via">The stream or queue; null for others.</param>
/// <param name="IsReplay">Whether what goes here are replays: they are edges of their own, beside the live ones.</param>
/// <param name="Count">How often.</param>
/// <param name="PerSecond">How often, by the time that was looked at.</param>
/// <param name="ErrorShare">What part of it failed, 0 to 1.</param>
/// <param name="P50">Half took no longer: from the start of the caller's or sender's span to the end of the other's. Percentiles are within 3.2 %.</param>
/// <param name="P95">95 of 100 took no longer.</param>
/// <param name="P99">99 of 100 took no longer.</param>
internal sealed record MapEdge(
    string From, string To, EdgeKind Kind, string? Via, bool IsReplay, long Count, double PerSecond, double ErrorShare, TimeSpan P50, TimeSpan P95, TimeSpan P99);
