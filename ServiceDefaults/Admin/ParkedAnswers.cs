using System.Text;
using FlowPlatform.Stores;

namespace ServiceDefaults.Admin;

/// <summary>What <c>GET /flow/parked</c> answers.</summary>
/// <param name="Version">Version of this shape: 1.</param>
/// <param name="Keys">Parked keys.</param>
/// <param name="Next">What to send as <c>after</c> for the next page; left out at the end.</param>
internal sealed record ParkedKeysAnswer(int Version, IReadOnlyList<ParkedKeyAnswer> Keys, string? Next);

/// <summary>A parked key.</summary>
internal sealed record ParkedKeyAnswer(
    string Consumer, string Stream, int Partition, string Key, long Events, DateTimeOffset Since, string Reason, string Exception, int Failures, string State, RequestAnswer? Request)
{
    public static ParkedKeyAnswer Of(ParkedKey key) => new(
        key.Place.Consumer, key.Place.Partition.Stream, key.Place.Partition.Index, key.Place.Key, key.Events, key.Since, key.Reason.Message, key.Reason.Exception, key.Failures,
        key.Request?.Verb switch
        {
            ParkingVerb.Redrive => "redriving",
            ParkingVerb.Discard => "discarding",
            _ => "parked",
        },
        key.Request is { } request ? new RequestAnswer(request.Id, request.Actor, request.Reason, request.At, request.EventId) : null);
}

/// <summary>What the partition's owner is asked to do.</summary>
internal sealed record RequestAnswer(string Id, string Actor, string? Reason, DateTimeOffset At, string? EventId);

/// <summary>What <c>GET /flow/parked/…</c> answers for one key.</summary>
internal sealed record ParkedQueueAnswer(int Version, ParkedKeyAnswer Key, string? Stack, IReadOnlyList<ParkedEventAnswer> Events, long? Next);

/// <summary>An event behind a parked key, as it was in the log.</summary>
internal sealed record ParkedEventAnswer(
    long Number, string EventId, string Type, long Offset, long Sequence, string? Producer, DateTimeOffset Time, DateTimeOffset CommittedAt, DateTimeOffset ParkedAt, string ContentType,
    string? CorrelationId, string? CausationId, string? TraceParent, string Data, bool Truncated)
{
    /// <summary>Of a page of events, so much is shown of each.</summary>
    private const int MaxData = 16 * 1024;

    public static ParkedEventAnswer Of(ParkedEvent parked)
    {
        var (number, at, record) = parked;
        var @event = record.Event;
        var data = @event.Data.Length > MaxData ? @event.Data[..MaxData] : @event.Data;
        return new(
            number, @event.Id, @event.Type, record.Offset, @event.Sequence, @event.Producer, @event.Time, @event.CommittedAt, at, @event.ContentType, @event.CorrelationId, @event.CausationId,
            @event.TraceParent, Encoding.UTF8.GetString(data.Span), @event.Data.Length > MaxData);
    }
}

/// <summary>What <c>POST /flow/redrive</c> and <c>POST /flow/discard</c> take.</summary>
/// <param name="Consumer">Name of the consumer.</param>
/// <param name="Stream">Of this stream only; required with a key.</param>
/// <param name="Partition">Of this partition only; required with a key.</param>
/// <param name="Key">This key only; left out: all that are parked.</param>
/// <param name="EventId">Discard only: this event; left out: all that wait behind the key now.</param>
/// <param name="Reason">Why, for the audit.</param>
internal sealed record ParkingCommand(string? Consumer, string? Stream, int? Partition, string? Key, string? EventId, string? Reason);

/// <summary>What they answer: the keys for which it is asked now.</summary>
internal sealed record RequestsAnswer(int Version, IReadOnlyList<ParkedKeyAnswer> Requests);

/// <summary>What <c>GET /flow/audit</c> answers, newest first.</summary>
internal sealed record AuditAnswer(int Version, IReadOnlyList<AuditEntryAnswer> Entries, long? Next);

/// <summary>Who did what, when and why.</summary>
internal sealed record AuditEntryAnswer(
    long Number, DateTimeOffset At, string Actor, string Action, string? Reason, string? Consumer, string? Stream, int? Partition, string? Key, string? Detail)
{
    public static AuditEntryAnswer Of(AuditEntry entry) =>
        new(entry.Number, entry.At, entry.Actor, entry.Action, entry.Reason, entry.Consumer, entry.Partition?.Stream, entry.Partition?.Index, entry.Key, entry.Detail);
}
