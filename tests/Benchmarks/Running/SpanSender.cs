using System.Net.Http.Headers;
using Dapper;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Traces;
using Google.Protobuf;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Trace.V1;
using Kind = OpenTelemetry.Proto.Trace.V1.Span.Types.SpanKind;

namespace FlowPlatform.Benchmarks.Running;

/// <summary>
/// Sends spans of about 600 bytes, 512 of one service a request, as exporters do. A trace goes through five services, which have four spans each: what is served or taken, work, a commit, what is sent on.
/// So a trace is whole after five requests, and the parents of a service's first spans came with the request before.
/// </summary>
internal static class SpanSender
{
    public const int SpansPerRequest = 512;

    private const int SpansPerService = 4;
    private static readonly string[] Services = ["orders", "inventory", "payments", "shipping", "insights"];

    /// <summary>Sends one request; whether it was taken.</summary>
    public static async Task<bool> SendAsync(DashboardProcess dashboard, int number)
    {
        using var content = new ByteArrayContent(Request(number));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        using var answer = await dashboard.Http.PostAsync(new Uri("/v1/traces", UriKind.Relative), content);
        return answer.IsSuccessStatusCode;
    }

    /// <summary>Waits until so many spans are kept.</summary>
    public static Task KeptAsync(DashboardProcess dashboard, int items) => KeptAsync(dashboard, Signal.Traces, items);

    /// <summary>Waits until so many spans, log records or points are kept.</summary>
    public static async Task KeptAsync(DashboardProcess dashboard, Signal signal, int items)
    {
        using var reader = new TelemetryReader(TimeProvider.System);
        await Eventually.ThatAsync(
            $"{items} of {signal} are kept",
            () => reader.ReadAsync(dashboard.Run, signal, static connection => connection.ExecuteScalar<long>("SELECT coalesce(sum(items), 0) FROM intake WHERE outcome = 'Kept'"), CancellationToken.None),
            kept => kept == items);
    }

    private static byte[] Request(int number)
    {
        var now = (ulong)UnixNanos.From(TimeProvider.System.GetUtcNow());
        var (round, service) = Math.DivRem(number - 1, Services.Length);
        return new ExportTraceServiceRequest
        {
            ResourceSpans =
            {
                new ResourceSpans
                {
                    Resource = new OpenTelemetry.Proto.Resource.V1.Resource { Attributes = { new KeyValue { Key = "service.name", Value = new AnyValue { StringValue = Services[service] } } } },
                    ScopeSpans = { new ScopeSpans { Spans = { Enumerable.Range(0, SpansPerRequest).Select(index => Span(round, service, index, now)) } } },
                },
            },
        }.ToByteArray();
    }

    private static Span Span(int round, int service, int index, ulong now)
    {
        var (trace, part) = Math.DivRem(index, SpansPerService);
        var id = (service * SpansPerService) + part + 1;
        var (name, kind) = part switch
        {
            0 when service == 0 => ("POST /orders", Kind.Server),
            0 => ($"process {Services[service - 1]}", Kind.Consumer),
            1 => ("decide", Kind.Internal),
            2 => ("COMMIT main.db", Kind.Client),
            _ => ($"send {Services[service]}", Kind.Producer),
        };
        var start = now + (ulong)((index * 1_000) + (id * 1_000_000));
        return new Span
        {
            TraceId = ByteString.CopyFrom(new TraceId((ulong)round + 1, (ulong)trace + 1).ToBytes()),
            SpanId = Id(id),
            // The first of a service comes of what the service before has sent; the others are below it.
            ParentSpanId = id == 1 ? ByteString.Empty : Id(part == 0 ? id - 1 : (service * SpansPerService) + 1),
            Name = name,
            Kind = kind,
            StartTimeUnixNano = start,
            EndTimeUnixNano = start + 500_000 + ((ulong)(index * 7_919 % 4_000) * 1_000),
            Status = index % 500 == 0 ? new Status { Code = Status.Types.StatusCode.Error } : null,
            Attributes =
            {
                part == 2 ? Attribute("db.system.name", "sqlite") : Attribute("messaging.destination.name", part == 0 && service > 0 ? Services[service - 1] : Services[service]),
                Enumerable.Range(0, 9).Select(attribute => Attribute($"some.attribute.name.{attribute}", $"the value {attribute} of {index}")),
            },
        };
    }

    private static ByteString Id(int id) => ByteString.CopyFrom(new TraceId(0, (ulong)id).ToBytes().AsSpan(8));

    private static KeyValue Attribute(string name, string value) => new() { Key = name, Value = new AnyValue { StringValue = value } };
}
