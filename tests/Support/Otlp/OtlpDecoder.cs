using FlowPlatform.Dashboard.Receiving;

namespace FlowPlatform.Tests.Support.Otlp;

/// <summary>Decodes export requests; field numbers are those of the public opentelemetry-proto definitions, 1.x.</summary>
internal static class OtlpDecoder
{
    private delegate void Scoped(string service, string instance, string scope, ref ProtobufReader item);

    public static List<OtlpSpan> Spans(ReadOnlySpan<byte> request)
    {
        var spans = new List<OtlpSpan>();
        ForEach(request, (string service, string instance, string scope, ref ProtobufReader item) => spans.Add(Span(service, instance, scope, ref item)));
        return spans;
    }

    public static List<OtlpPoint> Points(ReadOnlySpan<byte> request)
    {
        var points = new List<OtlpPoint>();
        ForEach(request, (string service, string instance, string scope, ref ProtobufReader item) => AddPoints(points, service, ref item));
        return points;
    }

    public static List<OtlpLog> Logs(ReadOnlySpan<byte> request)
    {
        var logs = new List<OtlpLog>();
        ForEach(request, (string service, string instance, string scope, ref ProtobufReader item) => logs.Add(Log(service, ref item)));
        return logs;
    }

    /// <summary>All three requests nest alike: resources (1), each with a resource (1) and scopes (2), each with a scope (1) and items (2).</summary>
    private static void ForEach(ReadOnlySpan<byte> request, Scoped add)
    {
        var reader = new ProtobufReader(request);
        while (reader.Next())
        {
            if (reader.Field != 1)
            {
                continue;
            }

            var resource = reader.Message();
            var attributes = new Dictionary<string, object?>();
            while (resource.Next())
            {
                if (resource.Field == 1)
                {
                    attributes = Attributes(resource.Message(), field: 1);
                }
                else if (resource.Field == 2)
                {
                    ForEachItem(resource.Message(), attributes.GetValueOrDefault("service.name") as string ?? "", attributes.GetValueOrDefault("service.instance.id") as string ?? "", add);
                }
            }
        }
    }

    private static void ForEachItem(ProtobufReader scoped, string service, string instance, Scoped add)
    {
        var scope = "";
        while (scoped.Next())
        {
            var part = scoped.Field is 1 or 2 ? scoped.Message() : default;
            if (scoped.Field == 2)
            {
                add(service, instance, scope, ref part);
            }
            else if (scoped.Field == 1)
            {
                while (part.Next())
                {
                    scope = part.Field == 1 ? part.Text() : scope;
                }
            }
        }
    }

    private static OtlpSpan Span(string service, string instance, string scope, ref ProtobufReader reader)
    {
        var span = new OtlpSpan { Service = service, Instance = instance, Scope = scope };
        var attributes = new Dictionary<string, object?>();
        var events = new List<string>();
        var links = new List<(string, string)>();
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: span = span with { TraceId = reader.Hex() }; break;
                case 2: span = span with { SpanId = reader.Hex() }; break;
                case 3: span = span with { TraceState = reader.Text() }; break;
                case 4: span = span with { ParentId = reader.Hex() }; break;
                case 5: span = span with { Name = reader.Text() }; break;
                case 6: span = span with { Kind = (OtlpKind)reader.Varint() }; break;
                case 7: span = span with { StartNanos = reader.Fixed64() }; break;
                case 8: span = span with { EndNanos = reader.Fixed64() }; break;
                case 9: AddAttribute(attributes, reader.Message()); break;
                case 11: events.Add(First(reader.Message(), field: 2)); break;
                case 13: links.Add(Link(reader.Message())); break;
                case 15: span = Status(span, reader.Message()); break;
            }
        }

        return span with { Attributes = attributes, Events = events, Links = links };
    }

    private static (string TraceId, string SpanId) Link(ProtobufReader link)
    {
        var (trace, span) = ("", "");
        while (link.Next())
        {
            trace = link.Field == 1 ? link.Hex() : trace;
            span = link.Field == 2 ? link.Hex() : span;
        }

        return (trace, span);
    }

    private static OtlpSpan Status(OtlpSpan span, ProtobufReader status)
    {
        while (status.Next())
        {
            span = status.Field switch
            {
                2 => span with { StatusMessage = status.Text() },
                3 => span with { Status = (OtlpStatus)status.Varint() },
                _ => span,
            };
        }

        return span;
    }

    private static void AddPoints(List<OtlpPoint> points, string service, ref ProtobufReader metric)
    {
        var (name, unit) = ("", "");
        while (metric.Next())
        {
            switch (metric.Field)
            {
                case 1: name = metric.Text(); break;
                case 3: unit = metric.Text(); break;
                case 5 or 7 or 9:
                    var histogram = metric.Field == 9;
                    var data = metric.Message();
                    while (data.Next())
                    {
                        if (data.Field == 1)
                        {
                            points.Add(Point(service, name, unit, histogram, data.Message()));
                        }
                    }

                    break;
            }
        }
    }

    private static OtlpPoint Point(string service, string name, string unit, bool histogram, ProtobufReader point)
    {
        var attributes = new Dictionary<string, object?>();
        var exemplars = new List<string>();
        var (value, count) = (0d, 0UL);
        while (point.Next())
        {
            switch (point.Field)
            {
                case 4 when histogram: count = point.Fixed64(); break;
                case 4: value = point.Double(); break;
                case 5 when histogram: value = point.Double(); break;
                case 6 when !histogram: value = (long)point.Fixed64(); break;
                case 5 or 8: exemplars.Add(Exemplar(point.Message())); break;
                case 7 when !histogram: AddAttribute(attributes, point.Message()); break;
                case 9 when histogram: AddAttribute(attributes, point.Message()); break;
            }
        }

        return new OtlpPoint(service, name, unit, attributes, value, count, exemplars);
    }

    private static string Exemplar(ProtobufReader exemplar)
    {
        var trace = "";
        while (exemplar.Next())
        {
            trace = exemplar.Field == 5 ? exemplar.Hex() : trace;
        }

        return trace;
    }

    private static OtlpLog Log(string service, ref ProtobufReader reader)
    {
        var attributes = new Dictionary<string, object?>();
        var (trace, span, severity, body) = ("", "", "", "");
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 3: severity = reader.Text(); break;
                case 5: body = Value(reader.Message()) as string ?? ""; break;
                case 6: AddAttribute(attributes, reader.Message()); break;
                case 9: trace = reader.Hex(); break;
                case 10: span = reader.Hex(); break;
            }
        }

        return new OtlpLog(service, trace, span, severity, body, attributes);
    }

    private static Dictionary<string, object?> Attributes(ProtobufReader message, int field)
    {
        var attributes = new Dictionary<string, object?>();
        while (message.Next())
        {
            if (message.Field == field)
            {
                AddAttribute(attributes, message.Message());
            }
        }

        return attributes;
    }

    private static void AddAttribute(Dictionary<string, object?> attributes, ProtobufReader pair)
    {
        var key = "";
        object? value = null;
        while (pair.Next())
        {
            if (pair.Field == 1)
            {
                key = pair.Text();
            }
            else if (pair.Field == 2)
            {
                value = Value(pair.Message());
            }
        }

        attributes[key] = value;
    }

    private static object? Value(ProtobufReader any)
    {
        while (any.Next())
        {
            switch (any.Field)
            {
                case 1: return any.Text();
                case 2: return any.Varint() != 0;
                case 3: return (long)any.Varint();
                case 4: return any.Double();
                case 7: return any.Hex();
            }
        }

        return null;
    }

    private static string First(ProtobufReader message, int field)
    {
        while (message.Next())
        {
            if (message.Field == field)
            {
                return message.Text();
            }
        }

        return "";
    }
}
