using System.Buffers.Binary;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Traces;
using Google.Protobuf;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Metrics.V1;
using OpenTelemetry.Proto.Trace.V1;
using Resource = OpenTelemetry.Proto.Resource.V1.Resource;

namespace FlowPlatform.Dashboard.Tests.Support;

/// <summary>Makes requests as exporters send them.</summary>
internal static class Otlp
{
    public static TraceId TraceNumber(long number) => new(0x1111_2222_3333_4444, (ulong)number);

    public static ExportTraceServiceRequest Spans(string service, params Span[] spans) => new()
    {
        ResourceSpans = { new ResourceSpans { Resource = ResourceOf(service), ScopeSpans = { new ScopeSpans { Scope = new InstrumentationScope { Name = "tests" }, Spans = { spans } } } } },
    };

    public static Span Span(
        TraceId trace, int id, int? parent = null, string name = "work", SpanKind kind = SpanKind.Internal, DateTimeOffset? start = null, double milliseconds = 10, bool failed = false, params (string Name, object Value)[] attributes)
    {
        var begin = UnixNanos.From(start ?? DateTimeOffset.UnixEpoch.AddYears(50));
        return new Span
        {
            TraceId = ByteString.CopyFrom(trace.ToBytes()),
            SpanId = Id(id),
            ParentSpanId = parent is { } number ? Id(number) : ByteString.Empty,
            Name = name,
            Kind = (OpenTelemetry.Proto.Trace.V1.Span.Types.SpanKind)kind,
            StartTimeUnixNano = (ulong)begin,
            EndTimeUnixNano = (ulong)(begin + (long)(milliseconds * 1_000_000)),
            Status = failed ? new Status { Code = Status.Types.StatusCode.Error, Message = "failed" } : null,
            Attributes = { Attributes(attributes) },
        };
    }

    public static Span LinkTo(this Span span, TraceId trace, int id)
    {
        span.Links.Add(new Span.Types.Link { TraceId = ByteString.CopyFrom(trace.ToBytes()), SpanId = Id(id) });
        return span;
    }

    public static ExportLogsServiceRequest Logs(string service, params LogRecord[] records) => new()
    {
        ResourceLogs = { new ResourceLogs { Resource = ResourceOf(service), ScopeLogs = { new ScopeLogs { Scope = new InstrumentationScope { Name = "Some.Category" }, LogRecords = { records } } } } },
    };

    public static LogRecord Log(string body, SeverityNumber severity = SeverityNumber.Info, DateTimeOffset? time = null, TraceId? trace = null, int span = 1, params (string Name, object Value)[] attributes) => new()
    {
        TimeUnixNano = (ulong)UnixNanos.From(time ?? DateTimeOffset.UnixEpoch.AddYears(50)),
        SeverityNumber = severity,
        SeverityText = $"{severity}",
        Body = new AnyValue { StringValue = body },
        TraceId = trace is { } id ? ByteString.CopyFrom(id.ToBytes()) : ByteString.Empty,
        SpanId = trace is null ? ByteString.Empty : Id(span),
        Attributes = { Attributes(attributes) },
    };

    public static ExportMetricsServiceRequest Metrics(string service, params Metric[] metrics) => new()
    {
        ResourceMetrics = { new ResourceMetrics { Resource = ResourceOf(service), ScopeMetrics = { new ScopeMetrics { Scope = new InstrumentationScope { Name = "meter" }, Metrics = { metrics } } } } },
    };

    public static Resource ResourceOf(string service) => new() { Attributes = { Attributes(("service.name", service), ("service.instance.id", $"{service}-1")) } };

    public static IEnumerable<KeyValue> Attributes(params (string Name, object Value)[] attributes) => attributes.Select(static attribute => new KeyValue
    {
        Key = attribute.Name,
        Value = attribute.Value switch
        {
            bool truth => new AnyValue { BoolValue = truth },
            int number => new AnyValue { IntValue = number },
            double number => new AnyValue { DoubleValue = number },
            var text => new AnyValue { StringValue = (string)text },
        },
    });

    public static ByteString Id(int id)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, id);
        return ByteString.CopyFrom(bytes);
    }
}
