using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using FlowPlatform.Tests.Support;
using FlowPlatform.Tests.Support.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;
using ServiceDefaults.Telemetry;

namespace Services.Tests.Defaults;

public sealed class TelemetryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Requests_arrive_as_complete_spans_with_metrics_and_logs(bool grpc)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var item = Guid.NewGuid().ToString("N");
        Uri address;
        await using (var service = await StartAsync(receiver, grpc))
        {
            address = service.Address;
            (await service.Client.GetStringAsync($"/items/{item}", Cancel)).ShouldBe(item);
            using var failed = await service.Client.GetAsync($"/fails/{item}", Cancel);
            failed.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
            using var refused = await service.Client.GetAsync($"/refuses/{item}", Cancel);
            refused.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
            await service.Client.GetStringAsync($"/asks/{item}", Cancel);
            foreach (var probe in (string[])["/health", "/alive"])
            {
                await service.Client.GetStringAsync(probe, Cancel);
            }
        }

        receiver.Faults.ShouldBeEmpty();
        var found = Server(receiver, $"/items/{item}");
        found.Name.ShouldBe("GET /items/{id}");
        found.Service.ShouldBe("named-by-environment");
        found.Instance.ShouldEndWith($"-{Environment.ProcessId}");
        found.Status.ShouldBe(OtlpStatus.Unset);
        found.Text("http.route").ShouldBe("/items/{id}");
        found.Text("http.response.status_code").ShouldBe("200");
        found.Text("network.protocol.version").ShouldBe("1.1");
        found.Text("server.address").ShouldBe(address.Host);
        found.Text("server.port").ShouldBe($"{address.Port}");

        var log = receiver.Logs.Single(log => log.Body == $"Looking for {item}");
        (log.TraceId, log.SpanId).ShouldBe((found.TraceId, found.SpanId));

        var failure = Server(receiver, $"/fails/{item}");
        failure.Status.ShouldBe(OtlpStatus.Error);
        failure.Text("error.type").ShouldBe("System.InvalidOperationException");
        failure.Events.ShouldContain("exception");
        var refusal = Server(receiver, $"/refuses/{item}");
        refusal.Status.ShouldBe(OtlpStatus.Error);
        refusal.Text("error.type").ShouldBe("502");

        receiver.Spans.ShouldNotContain(span => IsProbe(span.Text("url.path")) || IsProbe(span.Text("url.full")));
        var asking = Server(receiver, $"/asks/{item}");
        receiver.Spans.ShouldNotContain(span => span.ParentId == asking.SpanId, "What asks a probe isn't shown, either.");
        receiver.Points.ShouldContain(point => point.Metric == "http.server.request.duration" && point.ExemplarTraceIds.Contains(found.TraceId));
    }

    [Theory]
    [InlineData("parentbased_always_on")]
    [InlineData("always_on")]
    public async Task What_is_asked_again_and_again_is_in_no_trace_at_either_end(string sampler)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var item = Guid.NewGuid().ToString("N");
        await using (var service = await StartAsync(receiver, grpc: false, sampler))
        {
            (await service.Client.GetStringAsync($"/polls/{item}", Cancel)).ShouldBe($"{item}-polled");
        }

        Server(receiver, $"/polls/{item}");
        receiver.Spans.ShouldContain(span => span.Kind == OtlpKind.Client && Names(span.Text("url.full"), $"{item}-before"), "What it asks before that is traced.");
        Server(receiver, $"/items/{item}-after");
        receiver.Spans.ShouldNotContain(span => Names(span.Text("url.full"), $"{item}-polled") || Names(span.Text("url.path"), $"{item}-polled"));
    }

    [Fact]
    public async Task While_the_collector_hangs_requests_are_answered_and_what_waits_is_bounded()
    {
        const int Queue = 64;
        const int Batch = 16;
        const int Requests = 400;
        await using var receiver = await OtlpReceiver.StartAsync();
        receiver.Hold();
        var run = Guid.NewGuid().ToString("N");
        await using (var service = await StartAsync(receiver, grpc: false, ("OTEL_BSP_MAX_QUEUE_SIZE", Queue), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", Batch), ("OTEL_BSP_SCHEDULE_DELAY", 20)))
        {
            await service.Client.GetStringAsync($"/items/{run}", Cancel);
            await Eventually.ThatAsync("an export hangs", () => receiver.Waiting > 0);
            for (var i = 0; i < Requests; i++)
            {
                (await service.Client.GetStringAsync($"/items/{run}", Cancel)).ShouldBe(run);
            }

            receiver.Spans.ShouldBeEmpty();
            receiver.Waiting.ShouldBePositive();
            receiver.Release();
        }

        // Beyond the queue: the batch that hung, and what a batch may take while another is sent.
        receiver.Spans.Count(span => span.Text("url.path") == $"/items/{run}").ShouldBeInRange(1, Queue + (4 * Batch));
    }

    [Fact]
    public async Task A_service_stops_while_the_collector_hangs()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        receiver.Hold();
        var service = await StartAsync(receiver, grpc: true);
        await service.Client.GetStringAsync("/items/1", Cancel);

        await service.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Cancel);

        receiver.Spans.ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_a_collector_a_service_works()
    {
        string gone;
        await using (var receiver = await OtlpReceiver.StartAsync())
        {
            gone = receiver.HttpAddress;
        }

        await using var service = await TestService.StartAsync(
            app => app.MapGet("/items/{id}", (string id) => id), new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = gone, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf", ["OTEL_BSP_SCHEDULE_DELAY"] = "20" });
        for (var i = 0; i < 50; i++)
        {
            (await service.Client.GetStringAsync("/items/one", Cancel)).ShouldBe("one");
        }
    }

    [Fact]
    public async Task Without_an_endpoint_nothing_listens()
    {
        await using var service = await TestService.StartAsync(_ => { });

        service.Services.GetService<TracerProvider>().ShouldBeNull();
        service.Services.GetServices<IStartupFilter>().ShouldNotContain(filter => filter is RequestSpanFilter);
    }

    [Fact]
    public async Task The_receiver_reads_what_is_compressed_and_says_what_it_cant_read()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(receiver.HttpAddress) };
        // One resource, one scope, one span with a name.
        byte[] request = [0x0A, 0x0A, 0x12, 0x08, 0x12, 0x06, 0x2A, 0x04, (byte)'n', (byte)'a', (byte)'m', (byte)'e'];
        using var compressed = new MemoryStream();
        await using (var gzip = new System.IO.Compression.GZipStream(compressed, System.IO.Compression.CompressionMode.Compress, leaveOpen: true))
        {
            await gzip.WriteAsync(request, Cancel);
        }

        (await PostAsync(compressed.ToArray(), "gzip")).ShouldBe(HttpStatusCode.OK);
        receiver.Spans.ShouldHaveSingleItem().Name.ShouldBe("name");
        (await PostAsync(request[..^1], null)).ShouldBe(HttpStatusCode.BadRequest);
        receiver.Faults.ShouldHaveSingleItem().ShouldContain("too early");

        async Task<HttpStatusCode> PostAsync(byte[] body, string? encoding)
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
            if (encoding is not null)
            {
                content.Headers.ContentEncoding.Add(encoding);
            }

            using var response = await http.PostAsync("/v1/traces", content, Cancel);
            return response.StatusCode;
        }
    }

    private static bool IsProbe(string? address) => address is not null && (address.EndsWith("/health", StringComparison.Ordinal) || address.EndsWith("/alive", StringComparison.Ordinal));

    private static bool Names(string? address, string item) => address?.EndsWith(item, StringComparison.Ordinal) == true;

    private static OtlpSpan Server(OtlpReceiver receiver, string path) => receiver.Spans.Single(span => span.Kind == OtlpKind.Server && span.Text("url.path") == path);

    private static Task<TestService> StartAsync(OtlpReceiver receiver, bool grpc, params (string Name, int Value)[] more) => StartAsync(receiver, grpc, sampler: null, more);

    private static Task<TestService> StartAsync(OtlpReceiver receiver, bool grpc, string? sampler, params (string Name, int Value)[] more)
    {
        var settings = receiver.Settings(grpc);
        settings["OTEL_SERVICE_NAME"] = "named-by-environment";
        settings["OTEL_TRACES_SAMPLER"] = sampler;
        foreach (var (name, value) in more)
        {
            settings[name] = value.ToString(CultureInfo.InvariantCulture);
        }

        return TestService.StartAsync(
            app =>
            {
                app.MapGet("/items/{id}", (string id, ILogger<TelemetryTests> logger) =>
                {
                    logger.LogInformation("Looking for {Id}", id);

                    // As RabbitMQ.Client does on whatever span is current.
                    Activity.Current?.SetTag("server.address", "broker").SetTag("server.port", 5672);
                    return id;
                });
                app.MapGet("/fails/{id}", IResult (string id) => throw new InvalidOperationException(id));
                app.MapGet("/refuses/{id}", (string id) => Results.StatusCode(StatusCodes.Status502BadGateway));
                app.MapGet("/polls/{id}", async (string id, HttpContext http) =>
                {
                    using var client = new HttpClient { BaseAddress = new Uri($"http://{http.Request.Host}/items/") };
                    await client.GetStringAsync($"{id}-before", http.RequestAborted);
                    var polled = await PollAsync(client, $"{id}-polled", http.RequestAborted);
                    await client.GetStringAsync($"{id}-after", http.RequestAborted);
                    return polled;
                });
                app.MapGet("/asks/{id}", async (string id, HttpContext http) =>
                {
                    using var client = new HttpClient();
                    return await client.GetStringAsync(new Uri($"http://{http.Request.Host}/health"), http.RequestAborted);
                });
            },
            settings);
    }

    private static async Task<string> PollAsync(HttpClient client, string id, CancellationToken cancellationToken)
    {
        using var untraced = Untraced.Begin();
        return await client.GetStringAsync(id, cancellationToken);
    }
}
