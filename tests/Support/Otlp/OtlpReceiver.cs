using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Tests.Support.Otlp;

/// <summary>
/// Takes OTLP over gRPC (HTTP/2 without TLS) and over HTTP with protobuf, plain or gzip, and keeps what came. It can stop answering, as a collector that hangs.
/// Safe for concurrent use.
/// </summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<OtlpSpan> spans = [];
    private readonly ConcurrentQueue<OtlpPoint> points = [];
    private readonly ConcurrentQueue<OtlpLog> logs = [];
    private readonly ConcurrentQueue<byte[]> requests = [];
    private readonly ConcurrentQueue<string> faults = [];
    private volatile TaskCompletionSource? held;
    private int waiting;

    private OtlpReceiver(WebApplication app) => this.app = app;

    /// <summary>For <c>OTEL_EXPORTER_OTLP_PROTOCOL=grpc</c>.</summary>
    public string GrpcAddress => app.Urls.First();

    /// <summary>For <c>OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf</c>.</summary>
    public string HttpAddress => app.Urls.Last();

    /// <summary>Spans so far; an export that was repeated counts once.</summary>
    public IReadOnlyList<OtlpSpan> Spans => [.. spans.DistinctBy(span => span.SpanId)];

    public IReadOnlyList<OtlpPoint> Points => [.. points];

    public IReadOnlyList<OtlpLog> Logs => [.. logs];

    /// <summary>Requests that could not be read.</summary>
    public IReadOnlyList<string> Faults => [.. faults];

    /// <summary>Exports that are held at present.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        var receiver = new OtlpReceiver(builder.Build());
        receiver.app.MapPost("/opentelemetry.proto.collector.{signal}.v1.{service}/Export", receiver.TakeGrpcAsync);
        receiver.app.MapPost("/v1/{signal}", receiver.TakeHttpAsync);
        await receiver.app.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    /// <summary>From now on nothing is answered.</summary>
    public void Hold() => held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Answers again, what was held first.</summary>
    public void Release() => Interlocked.Exchange(ref held, null)?.TrySetResult();

    /// <summary>True if some request holds this text, in whatever field.</summary>
    public bool Mentions(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return requests.Any(request => request.AsSpan().IndexOf(bytes) >= 0);
    }

    /// <summary>What the environment of a service must say to export here, at short intervals.</summary>
    public Dictionary<string, string?> Settings(bool grpc) => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = grpc ? GrpcAddress : HttpAddress,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = grpc ? "grpc" : "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "1000",
    };

    public async ValueTask DisposeAsync()
    {
        Release();
        await app.DisposeAsync();
    }

    private async Task TakeGrpcAsync(HttpContext http, string signal)
    {
        var body = await ReadAsync(http);
        http.Response.ContentType = "application/grpc";
        if (!await TakeAsync(http, signal, () => Unframe(body, http.Request.Headers["grpc-encoding"])))
        {
            return;
        }

        // An empty answer: not compressed, length 0.
        await http.Response.Body.WriteAsync(new byte[5], http.RequestAborted);
        http.Response.AppendTrailer("grpc-status", "0");
    }

    private async Task TakeHttpAsync(HttpContext http, string signal)
    {
        var body = await ReadAsync(http);
        http.Response.ContentType = "application/x-protobuf";
        await TakeAsync(http, signal, () => http.Request.Headers.ContentEncoding == "gzip" ? Inflate(body) : body);
    }

    private async Task<bool> TakeAsync(HttpContext http, string signal, Func<byte[]> content)
    {
        if (held is { } gate)
        {
            Interlocked.Increment(ref waiting);
            try
            {
                await gate.Task.WaitAsync(http.RequestAborted);
            }
            catch (OperationCanceledException)
            {
                return false;
            }
            finally
            {
                Interlocked.Decrement(ref waiting);
            }
        }

        try
        {
            Keep(signal, content());
            return true;
        }
        catch (Exception malformed) when (malformed is InvalidDataException or OverflowException)
        {
            faults.Enqueue($"{signal}: {malformed.Message}");
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            return false;
        }
    }

    private void Keep(string signal, byte[] request)
    {
        requests.Enqueue(request);
        switch (signal)
        {
            case "trace" or "traces":
                OtlpDecoder.Spans(request).ForEach(spans.Enqueue);
                break;
            case "metrics":
                OtlpDecoder.Points(request).ForEach(points.Enqueue);
                break;
            case "logs":
                OtlpDecoder.Logs(request).ForEach(logs.Enqueue);
                break;
            default:
                throw new InvalidDataException($"There is no signal '{signal}'.");
        }
    }

    /// <summary>A gRPC message: one byte that says whether it is compressed, four of length, big-endian.</summary>
    private static byte[] Unframe(byte[] body, string? encoding)
    {
        if (body.Length < 5 || BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(1)) != body.Length - 5)
        {
            throw new InvalidDataException("The gRPC message has another length than it says.");
        }

        return body[0] == 0 ? body[5..]
            : encoding == "gzip" ? Inflate(body[5..])
            : throw new InvalidDataException($"The gRPC message is compressed with '{encoding}'.");
    }

    private static byte[] Inflate(byte[] compressed)
    {
        using var inflated = new MemoryStream();
        using var gzip = new GZipStream(new MemoryStream(compressed), CompressionMode.Decompress);
        gzip.CopyTo(inflated);
        return inflated.ToArray();
    }

    private static async Task<byte[]> ReadAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        return body.ToArray();
    }
}
