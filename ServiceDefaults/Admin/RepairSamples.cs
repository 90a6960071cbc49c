using FlowPlatform.Hosting;
using Microsoft.AspNetCore.Http;

namespace ServiceDefaults.Admin;

/// <summary>The exchanges of the description, with names of the service itself.</summary>
internal sealed class RepairSamples
{
    public const string Fits = "There is nothing to adopt: the outbox fits the log.";
    private const string Why = "Restored from the backup of 08:00.";
    private static readonly DateTimeOffset Morning = new(2026, 1, 5, 8, 26, 0, TimeSpan.Zero);
    private readonly string service;
    private readonly bool publishes;
    private readonly string consumer;
    private readonly string stream;
    private readonly string producer;
    private readonly string known;

    public RepairSamples(FlowDefinition flow)
    {
        service = flow.Service;
        publishes = flow.Published.All.Count > 0;
        consumer = flow.ConsumerNames is [var first, ..] ? first : "order-status";
        stream = flow.StreamsOf(consumer) is [var read, ..] ? read : "orders";
        producer = $"{stream}/5f0c1d2e3a4b5c6d";
        known = flow.ConsumerNames.Count == 0 ? "none" : string.Join("; ", flow.ConsumerNames.Select(name => $"{name} of {string.Join(", ", flow.StreamsOf(name))}"));
    }

    public static AdoptCommand Adopt => new(Why);

    public AdoptionAnswer Adopted => new(1, $"{service}/5f0c1d2e3a4b5c6d", $"{service}/9a8b7c6d5e4f3a2b", 12, 0);

    /// <summary>What is answered while nothing is wrong.</summary>
    public (int Status, string Detail) NothingToAdopt => publishes
        ? (StatusCodes.Status409Conflict, Fits)
        : (StatusCodes.Status404NotFound, $"Service '{service}' publishes nothing: it has no outbox that could adopt a log.");

    public AcceptGapCommand Gap => new(consumer, stream, 1, "The events are in no backup.");

    public string NoGap => $"Consumer '{consumer}' has not stopped at {stream}-1: there is nothing to accept.";

    public AcceptGapCommand UnknownGap => Gap with { Consumer = "nobody" };

    public string Unknown => $"Service '{service}' has no consumer 'nobody' of stream '{stream}'; it has {known}.";

    public AcceptedGapAnswer Accepted => new(1, consumer, stream, 1, "Hole", 1206, 1240, $"Sequences 1206 to 1240 of {producer} are missing.");

    public IncidentsAnswer Incidents => new(
        1, [new IncidentAnswer(Morning, consumer, stream, 1, 1240, "gap-accepted", $"Sequences 1206 to 1240 of {producer} are missing. Accepted by ann: The events are in no backup.")], false);
}
