using FlowPlatform.Hosting;
using FlowPlatform.Log;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using ServiceDefaults.Api;

namespace ServiceDefaults.Admin;

/// <summary>Where the log is not what the service remembers of it: <c>/flow/adopt</c>, <c>/flow/accept-gap</c>, <c>/flow/incidents</c>. The key is required.</summary>
internal static class RepairEndpoints
{
    private const int DefaultIncidents = 100;
    private const int MaxIncidents = 1_000;
    private const int MaxReason = 500;
    private const string Unavailable = "The log can't be reached: the broker does not answer. Nothing was changed that does harm; send the same again when it does.";

    private static readonly string ReasonIsGiven = $"A reason of 1 to {MaxReason} characters is given: the audit keeps it.";
    private static readonly string IncidentRange = $"1 to {MaxIncidents:N0} are shown.";

    /// <summary>Maps them; the description names the service's own streams and consumers.</summary>
    public static void MapRepair(this RouteGroupBuilder admin, FlowDefinition flow)
    {
        var samples = new RepairSamples(flow);
        admin.MapPost("/adopt", AdoptAsync)
            .WithMetadata(new DisableRequestTimeoutAttribute())
            .Describe(
                "adopt", "Repair", "Fit a stopped outbox to the log",
                "For an outbox that has stopped because the log is not what it remembers. Where the log only lacks events, they are published again or announced as a gap. Where it has events that the store has "
                + "not (a restored backup), the store goes on as a new incarnation and never emits those again. It is carried through even if the caller goes. `X-Flow-Actor` says who decides it.")
            .Illustrate(StatusCodes.Status200OK, samples.Adopted)
            .Illustrate(StatusCodes.Status409Conflict, Fault.Of(StatusCodes.Status409Conflict, RepairSamples.Fits))
            .Illustrate(StatusCodes.Status503ServiceUnavailable, Fault.Of(StatusCodes.Status503ServiceUnavailable, Unavailable))
            .Refusal("fits", samples.NothingToAdopt.Status, samples.NothingToAdopt.Detail, body: RepairSamples.Adopt)
            .Invalid("reason", "reason", ReasonIsGiven, body: new AdoptCommand(null));
        admin.MapPost("/accept-gap", AcceptGapAsync)
            .WithMetadata(new DisableRequestTimeoutAttribute())
            .Describe(
                "acceptGap", "Repair", "Let a consumer go on without what is lost",
                "For a consumer that has stopped in one partition at missing sequences, or at a log that it doesn't recognise. What it has applied stays applied, nothing is applied twice, and an incident is "
                + "noted. If the next thing is missing, it stops again. Of several replicas the one that owns the partition is asked. `X-Flow-Actor` says who decides it.")
            .Illustrate(StatusCodes.Status200OK, samples.Accepted)
            .Illustrate(StatusCodes.Status503ServiceUnavailable, Fault.Of(StatusCodes.Status503ServiceUnavailable, Unavailable))
            .Refusal("no-gap", StatusCodes.Status409Conflict, samples.NoGap, body: samples.Gap)
            .Refusal("unknown", StatusCodes.Status404NotFound, samples.Unknown, body: samples.UnknownGap)
            .Invalid("partition", "partition", "A partition is named; they count from 0.", body: samples.Gap with { Partition = null });
        admin.MapGet("/incidents", ReadIncidentsAsync)
            .Describe(
                "getIncidents", "Repair", "What is known to have gone wrong with the log",
                "What it lost, what was announced as lost, what somebody accepted or adopted; newest first, at most the newest 1,000 of each store. `consumer` is `outbox` for what the relay noted.")
            .Example("incidents", StatusCodes.Status200OK, answer: samples.Incidents)
            .Invalid("limit", "limit", IncidentRange, with: ("limit", "0"));
    }

    private static async Task<IResult> AdoptAsync(AdoptCommand body, HttpContext http, FlowRepair repair, IHostApplicationLifetime host)
    {
        var faults = new Faults();
        var actor = Actor.Of(http, faults);
        RequireReason(faults, body.Reason);
        return faults.Any ? faults.ToProblem() : await OrRefusedAsync(async () => TypedResults.Ok(AdoptionAnswer.Of(await repair.AdoptAsync(actor, body.Reason!, host.ApplicationStopping))));
    }

    private static async Task<IResult> AcceptGapAsync(AcceptGapCommand body, HttpContext http, FlowRepair repair, IHostApplicationLifetime host)
    {
        var faults = new Faults();
        var actor = Actor.Of(http, faults);
        faults.Require(!string.IsNullOrEmpty(body.Consumer), "consumer", "A consumer is named; /flow/status lists them.");
        faults.Require(!string.IsNullOrEmpty(body.Stream), "stream", "A stream is named; /flow/status lists them.");
        faults.Require(body.Partition is >= 0, "partition", "A partition is named; they count from 0.");
        RequireReason(faults, body.Reason);
        return faults.Any ? faults.ToProblem() : await OrRefusedAsync(async () => TypedResults.Ok(AcceptedGapAnswer.Of(
            await repair.AcceptGapAsync(body.Consumer!, new PartitionId(body.Stream!, body.Partition!.Value), actor, body.Reason!, host.ApplicationStopping))));
    }

    private static async Task<IResult> ReadIncidentsAsync(FlowRepair repair, string? consumer, int? limit, CancellationToken cancel)
    {
        var faults = new Faults();
        var max = limit ?? DefaultIncidents;
        faults.Require(max is >= 1 and <= MaxIncidents, "limit", IncidentRange);
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        var noted = (await repair.ReadIncidentsAsync(cancel)).Where(incident => consumer is null || incident.Consumer == consumer).Take(max + 1).Select(IncidentAnswer.Of).ToList();
        return TypedResults.Ok(new IncidentsAnswer(1, noted.Count > max ? noted[..max] : noted, noted.Count > max));
    }

    /// <summary>Postgres takes no text with a character 0.</summary>
    private static void RequireReason(Faults faults, string? reason) =>
        faults.Require(!string.IsNullOrWhiteSpace(reason) && reason.Length <= MaxReason && !reason.Contains('\0', StringComparison.Ordinal), "reason", ReasonIsGiven);

    private static async Task<IResult> OrRefusedAsync(Func<Task<IResult>> repair)
    {
        try
        {
            return await repair();
        }
        catch (RepairRefusedException refused)
        {
            return refused.Unknown ? Problems.NotFound(refused.Message) : Problems.Conflict(refused.Message);
        }
    }
}
