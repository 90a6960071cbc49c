using System.Runtime.InteropServices;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Storage.Sql;

/// <summary>A row of <c>flow_parked_key</c>.</summary>
internal sealed class ParkedKeyRow
{
    public const string Select =
        """
        SELECT consumer, stream, partition, key, events, appended, since, exception, message, stack, failures, request, request_id AS RequestId, request_actor AS RequestActor,
               request_reason AS RequestReason, request_at AS RequestAt, request_event AS RequestEvent, request_up_to AS RequestUpTo
        FROM flow_parked_key
        """;

    public string Consumer { get; init; } = "";

    public string Stream { get; init; } = "";

    public int Partition { get; init; }

    public string Key { get; init; } = "";

    public long Events { get; init; }

    public long Appended { get; init; }

    public DateTimeOffset Since { get; init; }

    public string Exception { get; init; } = "";

    public string Message { get; init; } = "";

    public string? Stack { get; init; }

    public int Failures { get; init; }

    public string? Request { get; init; }

    public string? RequestId { get; init; }

    public string? RequestActor { get; init; }

    public string? RequestReason { get; init; }

    public DateTimeOffset? RequestAt { get; init; }

    public string? RequestEvent { get; init; }

    public long RequestUpTo { get; init; }

    public ParkedKey ToKey() => new(
        new ParkedPlace(Consumer, new PartitionId(Stream, Partition), Key), Events, Appended, Since, new ParkReason(Exception, Message, Stack), Failures,
        Request is null
            ? null
            : new ParkingRequest(
                RequestId!, Request == "redrive" ? ParkingVerb.Redrive : ParkingVerb.Discard, RequestActor!, RequestReason, RequestAt.GetValueOrDefault(), RequestEvent, RequestUpTo));
}

/// <summary>A row of <c>flow_parked</c>: the event as it was in the log.</summary>
internal sealed class ParkedEventRow
{
    public const string Select =
        """
        SELECT number, parked_at AS ParkedAt, "offset", logged_at AS LoggedAt, event_id AS EventId, type, source, time, committed_at AS CommittedAt, content_type AS ContentType,
               traceparent, tracestate, correlation_id AS CorrelationId, causation_id AS CausationId, producer, sequence, data
        FROM flow_parked
        """;

    public const string Insert =
        """
        INSERT INTO flow_parked (consumer, stream, partition, key, number, parked_at, "offset", logged_at, event_id, type, source, time, committed_at, content_type,
                                 traceparent, tracestate, correlation_id, causation_id, producer, sequence, data)
        VALUES (@Consumer, @Stream, @Partition, @Key, @Number, @ParkedAt, @Offset, @LoggedAt, @EventId, @Type, @Source, @Time, @CommittedAt, @ContentType,
                @TraceParent, @TraceState, @CorrelationId, @CausationId, @Producer, @Sequence, @Data)
        """;

    public string Consumer { get; init; } = "";

    public string Stream { get; init; } = "";

    public int Partition { get; init; }

    public string Key { get; init; } = "";

    public long Number { get; init; }

    public DateTimeOffset ParkedAt { get; init; }

    public long Offset { get; init; }

    public DateTimeOffset LoggedAt { get; init; }

    public string EventId { get; init; } = "";

    public string Type { get; init; } = "";

    public string Source { get; init; } = "";

    public DateTimeOffset Time { get; init; }

    public DateTimeOffset CommittedAt { get; init; }

    public string ContentType { get; init; } = "";

    public string? TraceParent { get; init; }

    public string? TraceState { get; init; }

    public string? CorrelationId { get; init; }

    public string? CausationId { get; init; }

    public string? Producer { get; init; }

    public long Sequence { get; init; }

    public byte[] Data { get; init; } = [];

    public static ParkedEventRow Of(string consumer, NumberedRecord item, DateTimeOffset now)
    {
        var (number, record) = item;
        var @event = record.Event;
        return new ParkedEventRow
        {
            Consumer = consumer, Stream = record.Partition.Stream, Partition = record.Partition.Index, Key = @event.Key, Number = number, ParkedAt = now, Offset = record.Offset,
            LoggedAt = record.Timestamp, EventId = @event.Id, Type = @event.Type, Source = @event.Source, Time = @event.Time, CommittedAt = @event.CommittedAt,
            ContentType = @event.ContentType, TraceParent = @event.TraceParent, TraceState = @event.TraceState, CorrelationId = @event.CorrelationId, CausationId = @event.CausationId,
            Producer = @event.Producer, Sequence = @event.Sequence, Data = Bytes(@event.Data),
        };
    }

    public ParkedEvent ToEvent(ParkedPlace place) => new(Number, ParkedAt, new LogRecord(place.Partition, Offset, LoggedAt, new EventEnvelope
    {
        Id = EventId, Type = Type, Source = Source, Key = place.Key, Time = Time, CommittedAt = CommittedAt, ContentType = ContentType, TraceParent = TraceParent, TraceState = TraceState,
        CorrelationId = CorrelationId, CausationId = CausationId, Producer = Producer, Sequence = Sequence, Data = Data,
    }));

    private static byte[] Bytes(ReadOnlyMemory<byte> data) =>
        MemoryMarshal.TryGetArray(data, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length ? segment.Array : data.ToArray();
}
