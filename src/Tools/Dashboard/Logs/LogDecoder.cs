using FlowPlatform.Dashboard.Receiving;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Traces;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Logs.V1;

namespace FlowPlatform.Dashboard.Logs;

/// <summary>Makes rows of OTLP's log records. None is rejected: each of its fields may be missing.</summary>
internal static class LogDecoder
{
    public static Decoded<LogExport> Decode(ExportLogsServiceRequest request, int bytes)
    {
        using var json = new AttributeJson();
        var records = new List<LogRow>();
        foreach (var sent in request.ResourceLogs)
        {
            var resource = OriginReader.Read(sent.Resource, json);
            foreach (var scoped in sent.ScopeLogs)
            {
                var scope = OriginReader.Read(scoped.Scope);
                records.AddRange(scoped.LogRecords.Select(record => Row(record, resource, scope, json)));
            }
        }

        return new Decoded<LogExport>(new LogExport(records, bytes), 0, "");
    }

    private static LogRow Row(LogRecord record, Resource resource, Scope scope, AttributeJson json)
    {
        json.NotKept = 0;
        var row = new LogRow
        {
            Resource = resource,
            Scope = scope,
            Time = UnixNanos.From(record.TimeUnixNano != 0 ? record.TimeUnixNano : record.ObservedTimeUnixNano),
            Severity = Math.Clamp((int)record.SeverityNumber, 0, 24),
            Level = AttributeJson.Cut(record.SeverityText),
            TraceId = TraceId.TryRead(record.TraceId.Span, out var trace) ? trace : null,
            SpanId = SpanId.TryRead(record.SpanId.Span, out var span) ? span : null,
            Event = record.EventName.Length == 0 ? null : AttributeJson.Cut(record.EventName),
            Body = json.Text(record.Body),
            Attributes = json.Write(record.Attributes),
        };
        return row with { NotKept = (int)Math.Min(json.NotKept + (long)record.DroppedAttributesCount, int.MaxValue) };
    }
}
