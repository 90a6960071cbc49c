using FlowPlatform.Hosting;
using FlowPlatform.Outbox;
using FlowPlatform.Stores;

namespace ServiceDefaults.Admin;

/// <summary>What <c>POST /flow/adopt</c> takes.</summary>
/// <param name="Reason">Why, for the audit.</param>
internal sealed record AdoptCommand(string? Reason);

/// <summary>What it answers.</summary>
/// <param name="Version">Version of this shape: 1.</param>
/// <param name="From">Producer reference before.</param>
/// <param name="To">Producer reference now; the same if the log only lacked events.</param>
/// <param name="Beyond">Events that the log has and the store has not; they are never emitted again.</param>
/// <param name="PublishedAgain">Events that the log had confirmed and lacked, and has again.</param>
internal sealed record AdoptionAnswer(int Version, string From, string To, int Beyond, long PublishedAgain)
{
    public static AdoptionAnswer Of(Adoption adoption) => new(1, adoption.From, adoption.To, adoption.Beyond, adoption.PublishedAgain);
}

/// <summary>What <c>POST /flow/accept-gap</c> takes.</summary>
/// <param name="Consumer">Name of the consumer that has stopped.</param>
/// <param name="Stream">The stream with the gap.</param>
/// <param name="Partition">Its partition.</param>
/// <param name="Reason">Why, for the audit.</param>
internal sealed record AcceptGapCommand(string? Consumer, string? Stream, int? Partition, string? Reason);

/// <summary>What it answers.</summary>
/// <param name="Version">Version of this shape: 1.</param>
/// <param name="Consumer">Name of the consumer.</param>
/// <param name="Stream">The stream.</param>
/// <param name="Partition">Its partition.</param>
/// <param name="Case">What was accepted: Hole, or how the log was not recognised.</param>
/// <param name="From">First sequence that the consumer will never have; left out if that can't be told.</param>
/// <param name="To">Last one; left out if that can't be told.</param>
/// <param name="Detail">In words.</param>
internal sealed record AcceptedGapAnswer(int Version, string Consumer, string Stream, int Partition, string Case, long? From, long? To, string Detail)
{
    public static AcceptedGapAnswer Of(AcceptedGap gap) => new(1, gap.Consumer, gap.Partition.Stream, gap.Partition.Index, gap.Case, gap.From, gap.To, gap.Detail);
}

/// <summary>What <c>GET /flow/incidents</c> answers, newest first.</summary>
/// <param name="Version">Version of this shape: 1.</param>
/// <param name="Incidents">What was noted.</param>
/// <param name="More">There are older ones.</param>
internal sealed record IncidentsAnswer(int Version, IReadOnlyList<IncidentAnswer> Incidents, bool More);

/// <summary>Something about the log that an operator should know.</summary>
internal sealed record IncidentAnswer(DateTimeOffset NotedAt, string Consumer, string Stream, int Partition, long Mark, string Kind, string Detail)
{
    public static IncidentAnswer Of(Incident incident) =>
        new(incident.NotedAt, incident.Consumer, incident.Partition.Stream, incident.Partition.Index, incident.Mark, incident.Kind, incident.Detail);
}
