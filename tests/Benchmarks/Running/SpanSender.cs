using System.Net.Http.Headers;
using Dapper;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Traces;
using Google.Protobuf;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace FlowPlatform.Benchmarks.Running;

/// <summary>Sends spans of about 600 bytes, 512 a request, in traces of 8 of five services, as exporters do.</summary>
internal static class SpanSender
{
    public const int SpansPerRequest = 512;

    private const int SpansPerTrace = 8;

    /// <summary>Sends one request; whether it was taken.</summary>
    public static async Task<bool> SendAsync(DashboardProcess dashboard, int number)
    {
        using var content = new ByteArrayContent(Request(number));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        using var answer = await dashboard.Http.PostAsync(new Uri("/v1/traces", UriKind.Relative), content);
        return answer.IsSuccessStatusCode;
    }

    /// <summary>Waits until so many spans are kept.</summary>
    public static async Task KeptAsync(DashboardProcess dashboard, int items)
    {
        using var reader = new TelemetryReader(TimeProvider.System);
        await Eventually.ThatAsync(
            $"{items} spans are kept",
            () => reader.ReadAsync(dashboard.Run, Signal.Traces, static connection => connection.ExecuteScalar<long>("SELECT coalesce(sum(items), 0) FROM intake WHERE outcome = 'Kept'"), CancellationToken.None),
            kept => kept == items);
    }

    private static byte[] Request(int number)
    {
        var now = (ulong)UnixNanos.From(TimeProvider.System.GetUtcNow());
        var spans = Enumerable.Range(0, SpansPerRequest).Select(index => new Span
        {
            TraceId = ByteString.CopyFrom(new TraceId((ulong)number, (ulong)(index / SpansPerTrace) + 1).ToBytes()),
            SpanId = ByteString.CopyFrom(new TraceId(0, (ulong)index + 1).ToBytes().AsSpan(8)),
            ParentSpanId = index % SpansPerTrace == 0 ? ByteString.Empty : ByteString.CopyFrom(new TraceId(0, (ulong)index).ToBytes().AsSpan(8)),
            Name = "POST /orders",
            Kind = Span.Types.SpanKind.Server,
            StartTimeUnixNano = now + (ulong)index,
            EndTimeUnixNano = now + 10_000_000,
            Status = index % 500 == 0 ? new Status { Code = Status.Types.StatusCode.Error } : null,
            Attributes = { Enumerable.Range(0, 10).Select(attribute => new KeyValue { Key = $"some.attribute.name.{attribute}", Value = new AnyValue { StringValue = $"the value {attribute} of {index}" } }) },
        });
        return new ExportTraceServiceRequest
        {
            ResourceSpans =
            {
                new ResourceSpans
                {
                    Resource = new OpenTelemetry.Proto.Resource.V1.Resource { Attributes = { new KeyValue { Key = "service.name", Value = new AnyValue { StringValue = $"service-{number % 5}" } } } },
                    ScopeSpans = { new ScopeSpans { Spans = { spans } } },
                },
            },
        }.ToByteArray();
    }
}
