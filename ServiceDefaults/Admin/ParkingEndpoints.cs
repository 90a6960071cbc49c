using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ServiceDefaults.Api;

namespace ServiceDefaults.Admin;

/// <summary>What the service's consumers have parked: <c>/flow/parked</c>, <c>/flow/redrive</c>, <c>/flow/discard</c>, <c>/flow/audit</c>. The key is required.</summary>
internal static class ParkingEndpoints
{
    private const int DefaultPage = 100;
    private const int MaxKey = 512;
    private const int MaxReason = 500;

    private static readonly string PageRange = $"1 to {FlowParking.MaxPage} are shown on a page.";

    /// <summary>Maps them; the description names one of the consumers.</summary>
    public static void MapParking(this RouteGroupBuilder admin, IReadOnlyList<string> consumers)
    {
        var samples = new ParkingSamples(consumers.Count == 0 ? "order-status" : consumers[0]);
        admin.MapGet("/parked", ListAsync)
            .Describe("getParked", "Parking", "What is parked", "Keys whose events a consumer can't apply, by consumer, stream, partition and key. `next` is the `after` of the next page.")
            .Example("parked", StatusCodes.Status200OK, answer: samples.Keys)
            .Invalid("limit", "limit", PageRange, with: ("limit", "0"));
        admin.MapGet("/parked/{consumer}/{stream}/{partition:int}/{**key}", ShowAsync)
            .Describe("getParkedKey", "Parking", "The events behind a parked key", "The one that failed first, then those that came after it, in order. They may hold personal data.")
            .Refusal("unknown", StatusCodes.Status404NotFound, ParkingSamples.NotParked, with: [.. samples.Unknown])
            .Invalid("page", "limit", PageRange, with: [.. samples.Unknown, ("limit", "501")])
            .Illustrate(StatusCodes.Status200OK, samples.Queue);
        admin.MapPost("/redrive", (ParkingCommand body, HttpContext http, FlowParking parking, CancellationToken cancel) => RequestAsync(ParkingVerb.Redrive, body, http, parking, cancel))
            .Describe(
                "redrive", "Parking", "Apply parked events again",
                "In order, by the replica that owns the partition, between its batches. Without a key: all that the consumer has parked. What fails again stays parked. `X-Flow-Actor` says who asks.")
            .Illustrate(StatusCodes.Status202Accepted, samples.Asked)
            .Illustrate(StatusCodes.Status409Conflict, Fault.Of(StatusCodes.Status409Conflict, ParkingSamples.Opposite))
            .Refusal("unknown", StatusCodes.Status404NotFound, ParkingSamples.NotParked, body: samples.Body)
            .Invalid("consumer", "consumer", "A consumer is named; /flow/status lists them.", body: new ParkingCommand(null, null, null, null, null, "mended"));
        admin.MapPost("/discard", (ParkingCommand body, HttpContext http, FlowParking parking, CancellationToken cancel) => RequestAsync(ParkingVerb.Discard, body, http, parking, cancel))
            .Describe(
                "discard", "Parking", "Give parked events up",
                "They are skipped by this and every later fold, and the audit says who gave them up. With `eventId` one event of a key, else all that wait now; what comes later is applied.")
            .Illustrate(StatusCodes.Status202Accepted, samples.Asked)
            .Illustrate(StatusCodes.Status409Conflict, Fault.Of(StatusCodes.Status409Conflict, ParkingSamples.Opposite))
            .Refusal("unknown", StatusCodes.Status404NotFound, ParkingSamples.NotParked, body: samples.Body)
            .Invalid("partition", "partition", "A key is named with its stream and partition.", body: samples.Body with { Partition = null });
        admin.MapGet("/audit", AuditAsync)
            .Describe("getAudit", "Parking", "What operators did", "Who, when, why, what; newest first. `next` is the `before` of the next page.")
            .Example("audit", StatusCodes.Status200OK, answer: samples.Audit)
            .Invalid("limit", "limit", PageRange, with: ("limit", "0"));
    }

    private static async Task<IResult> ListAsync(FlowParking parking, string? consumer, string? key, string? after, int? limit, CancellationToken cancel)
    {
        var faults = new Faults();
        var max = limit ?? DefaultPage;
        faults.Require(max is >= 1 and <= FlowParking.MaxPage, "limit", PageRange);
        var place = PlaceOf(after);
        faults.Require(IsText(key) && IsText(after), "key", "A text has no character 0.");
        faults.Require(after is null || place is not null, "after", "This is what an earlier page gave as next: consumer/stream/partition/key.");
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        return await OfKnownAsync(async () =>
        {
            var keys = await parking.ReadKeysAsync(consumer, key, place, max, cancel);
            var last = keys.Count == max ? keys[^1].Place : default;
            return TypedResults.Ok(new ParkedKeysAnswer(
                1, [.. keys.Select(ParkedKeyAnswer.Of)], keys.Count == max ? $"{last.Consumer}/{last.Partition.Stream}/{last.Partition.Index}/{last.Key}" : null));
        });
    }

    private static async Task<IResult> ShowAsync(FlowParking parking, string consumer, string stream, int partition, string key, long? after, int? limit, CancellationToken cancel)
    {
        var faults = new Faults();
        var max = limit ?? DefaultPage;
        faults.Require(max is >= 1 and <= FlowParking.MaxPage, "limit", PageRange);
        faults.Require(IsText(stream) && IsText(key), "key", "A text has no character 0.");
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        return await OfKnownAsync(async () =>
        {
            var place = new ParkedPlace(consumer, new PartitionId(stream, partition), key);
            if (await parking.FindKeyAsync(place, cancel) is not { } found)
            {
                return Problems.NotFound(ParkingSamples.NotParked);
            }

            var events = await parking.ReadEventsAsync(place, after ?? 0, max, cancel);
            return TypedResults.Ok(new ParkedQueueAnswer(
                1, ParkedKeyAnswer.Of(found), found.Reason.Stack, [.. events.Select(ParkedEventAnswer.Of)], events.Count == max ? events[^1].Number : null));
        });
    }

    private static async Task<IResult> RequestAsync(ParkingVerb verb, ParkingCommand body, HttpContext http, FlowParking parking, CancellationToken cancel)
    {
        var faults = new Faults();
        var actor = Actor.Of(http, faults);
        Check(verb, body, faults);
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        return await OfKnownAsync(async () =>
        {
            var target = new ParkingTarget(body.Consumer!) { Stream = body.Stream, Partition = body.Partition, Key = body.Key, EventId = body.EventId };
            var asked = await parking.RequestAsync(verb, target, actor, body.Reason, cancel);
            if (asked.Count == 0)
            {
                return Problems.NotFound(ParkingSamples.NotParked);
            }

            if (asked.All(key => key.Request!.Verb != verb))
            {
                return Problems.Conflict(ParkingSamples.Opposite);
            }

            return TypedResults.Accepted($"/flow/parked?consumer={Uri.EscapeDataString(body.Consumer!)}", new RequestsAnswer(1, [.. asked.Select(ParkedKeyAnswer.Of)]));
        });
    }

    private static async Task<IResult> AuditAsync(FlowParking parking, string? consumer, long? before, int? limit, CancellationToken cancel)
    {
        var faults = new Faults();
        var max = limit ?? DefaultPage;
        faults.Require(max is >= 1 and <= FlowParking.MaxPage, "limit", PageRange);
        faults.Require(IsText(consumer), "consumer", "A text has no character 0.");
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        var entries = await parking.ReadAuditAsync(consumer, before, max, cancel);
        return TypedResults.Ok(new AuditAnswer(1, [.. entries.Select(AuditEntryAnswer.Of)], entries.Count == max ? entries[^1].Number : null));
    }

    private static void Check(ParkingVerb verb, ParkingCommand body, Faults faults)
    {
        faults.Require(!string.IsNullOrEmpty(body.Consumer), "consumer", "A consumer is named; /flow/status lists them.");
        faults.Require(body.Partition is null or >= 0, "partition", "Partitions count from 0.");
        faults.Require(body.Partition is null || body.Stream is not null, "stream", "A partition is named with its stream.");
        faults.Require(body.Key is null || (body.Stream is not null && body.Partition is not null), "partition", "A key is named with its stream and partition.");
        faults.Require(body.Key is null or { Length: <= MaxKey }, "key", $"A key has at most {MaxKey} characters.");
        faults.Require(body.EventId is null || (verb == ParkingVerb.Discard && body.Key is not null), "eventId", "One event is named to discard it, with its key; redrive goes in order.");
        faults.Require(body.Reason is null || body.Reason.Length <= MaxReason, "reason", $"A reason has at most {MaxReason} characters.");
        foreach (var (field, text) in new[] { ("stream", body.Stream), ("key", body.Key), ("eventId", body.EventId), ("reason", body.Reason) })
        {
            faults.Require(IsText(text), field, "A text has no character 0.");
        }
    }

    /// <summary>Postgres takes no text with a character 0.</summary>
    private static bool IsText(string? text) => text is null || !text.Contains('\0', StringComparison.Ordinal);

    /// <summary>Consumer, stream and partition hold no slash; a key may.</summary>
    private static ParkedPlace? PlaceOf(string? after) =>
        after?.Split('/', 4) is [var consumer, var stream, var partition, var key]
        && int.TryParse(partition, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var index)
            ? new ParkedPlace(consumer, new PartitionId(stream, index), key)
            : null;

    private static async Task<IResult> OfKnownAsync(Func<Task<IResult>> answer)
    {
        try
        {
            return await answer();
        }
        catch (UnknownConsumerException unknown)
        {
            return Problems.NotFound(unknown.Message);
        }
    }
}
