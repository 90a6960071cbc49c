using FlowPlatform.Dashboard.Receiving;
using FlowPlatform.Dashboard.Storage;
using Google.Protobuf.Collections;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>Makes rows of OTLP's spans.</summary>
internal static class TraceDecoder
{
    private const int MaxLinks = 256;
    private const int MaxEvents = 256;

    public static Decoded<TraceExport> Decode(ExportTraceServiceRequest request, int bytes)
    {
        using var json = new AttributeJson();
        var spans = new List<SpanRow>();
        var rejected = 0;
        foreach (var sent in request.ResourceSpans)
        {
            var resource = OriginReader.Read(sent.Resource, json);
            foreach (var scoped in sent.ScopeSpans)
            {
                var scope = OriginReader.Read(scoped.Scope);
                foreach (var span in scoped.Spans)
                {
                    if (TraceId.TryRead(span.TraceId.Span, out var trace) && SpanId.TryRead(span.SpanId.Span, out var id))
                    {
                        spans.Add(Row(span, trace, id, resource, scope, json));
                    }
                    else
                    {
                        rejected++;
                    }
                }
            }
        }

        return new Decoded<TraceExport>(new TraceExport(spans, bytes), rejected, "A span needs a trace id of 16 bytes and a span id of 8 bytes, neither all zero.");
    }

    private static SpanRow Row(Span span, TraceId trace, SpanId id, Resource resource, Scope scope, AttributeJson json)
    {
        json.NotKept = 0;
        var start = UnixNanos.From(span.StartTimeUnixNano);
        var row = new SpanRow
        {
            TraceId = trace,
            SpanId = id,
            ParentId = SpanId.TryRead(span.ParentSpanId.Span, out var parent) ? parent : null,
            Resource = resource,
            Scope = scope,
            Name = AttributeJson.Cut(span.Name),
            Kind = Enum.IsDefined((SpanKind)span.Kind) ? (SpanKind)span.Kind : SpanKind.Unspecified,
            Start = start,
            Duration = Math.Max(0, UnixNanos.From(span.EndTimeUnixNano) - start),
            Status = (int)(span.Status?.Code ?? 0) switch { 1 => SpanStatus.Ok, 2 => SpanStatus.Error, _ => SpanStatus.Unset },
            StatusMessage = span.Status is { Message.Length: > 0 } status ? AttributeJson.Cut(status.Message) : null,
            IsReplay = IsReplay(span.Attributes),
            Peer = span.Kind == Span.Types.SpanKind.Client ? Peers.Read(span.Attributes) : null,
            Destination = OriginReader.Find(span.Attributes, "messaging.destination.name") is { } destination ? AttributeJson.Cut(destination) : null,
            Attributes = json.Write(span.Attributes),
            Events = span.Events.Count == 0 ? null : json.Write(span.Events, WriteEvents),
            Links = span.Links.Count == 0 ? null : json.Write(span.Links, WriteLinks),
            LinkTargets = Targets(span.Links),
        };
        var notKept = json.NotKept + (long)span.DroppedAttributesCount + span.DroppedEventsCount + span.DroppedLinksCount;
        return row with { NotKept = (int)Math.Min(notKept, int.MaxValue) };
    }

    private static bool IsReplay(IReadOnlyList<KeyValue> attributes)
    {
        foreach (var attribute in attributes)
        {
            if (attribute.Key == "flow.replay")
            {
                return attribute.Value is { BoolValue: true };
            }
        }

        return false;
    }

    private static void WriteEvents(System.Text.Json.Utf8JsonWriter json, AttributeJson attributes, IReadOnlyList<Span.Types.Event> events)
    {
        json.WriteStartArray();
        foreach (var happened in events.Take(MaxEvents))
        {
            json.WriteStartObject();
            json.WriteNumber("time", UnixNanos.From(happened.TimeUnixNano));
            json.WriteString("name", AttributeJson.Cut(happened.Name));
            json.WritePropertyName("attributes");
            attributes.WriteObject(happened.Attributes, 1);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        attributes.NotKept += Math.Max(0, events.Count - MaxEvents);
    }

    private static void WriteLinks(System.Text.Json.Utf8JsonWriter json, AttributeJson attributes, IReadOnlyList<Span.Types.Link> links)
    {
        json.WriteStartArray();
        foreach (var link in links.Take(MaxLinks))
        {
            if (TraceId.TryRead(link.TraceId.Span, out var trace) && SpanId.TryRead(link.SpanId.Span, out var span))
            {
                json.WriteStartObject();
                json.WriteString("traceId", trace.ToString());
                json.WriteString("spanId", span.ToString());
                json.WritePropertyName("attributes");
                attributes.WriteObject(link.Attributes, 1);
                json.WriteEndObject();
            }
            else
            {
                attributes.NotKept++;
            }
        }

        json.WriteEndArray();
        attributes.NotKept += Math.Max(0, links.Count - MaxLinks);
    }

    private static List<(TraceId, SpanId)> Targets(RepeatedField<Span.Types.Link> links)
    {
        var targets = new List<(TraceId, SpanId)>(Math.Min(links.Count, MaxLinks));
        foreach (var link in links.Take(MaxLinks))
        {
            if (TraceId.TryRead(link.TraceId.Span, out var trace) && SpanId.TryRead(link.SpanId.Span, out var span))
            {
                targets.Add((trace, span));
            }
        }

        return targets;
    }
}
