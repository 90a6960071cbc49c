using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;
using ServiceDefaults.Telemetry;

namespace Services.Tests.Defaults;

public sealed class TelemetryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_arrive_as_complete_spans_with_metrics_and_logs()
    {
        await using var collector = await Collector.StartAsync();
        var item = Guid.NewGuid().ToString("N");
        await using (var service = await StartAsync(collector))
        {
            (await service.Client.GetStringAsync($"/items/{item}", Cancel)).ShouldBe(item);
            using var failed = await service.Client.GetAsync($"/fails/{item}", Cancel);
            failed.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
            await service.Client.GetStringAsync("/health", Cancel);
        }

        collector.Has("/v1/traces", Tag("url.path", $"/items/{item}")).ShouldBeTrue();
        collector.Has("/v1/traces", Tag("http.route", "/items/{id}")).ShouldBeTrue();
        collector.Has("/v1/traces", Encoding.UTF8.GetBytes("GET /items/{id}")).ShouldBeTrue();
        collector.Has("/v1/traces", Tag("error.type", "System.InvalidOperationException")).ShouldBeTrue();
        collector.Has("/v1/traces", Tag("url.path", "/health")).ShouldBeFalse();
        collector.Has("/v1/metrics", Encoding.UTF8.GetBytes("http.server.request.duration")).ShouldBeTrue();
        collector.Has("/v1/logs", Encoding.UTF8.GetBytes($"Looking for {item}")).ShouldBeTrue();
        collector.Has("/v1/logs", Tag("service.name", "named-by-environment")).ShouldBeTrue();
    }

    [Fact]
    public async Task Without_an_endpoint_nothing_listens()
    {
        await using var service = await TestService.StartAsync(_ => { });

        service.Services.GetService<TracerProvider>().ShouldBeNull();
        service.Services.GetServices<IStartupFilter>().ShouldNotContain(filter => filter is RequestSpanFilter);
    }

    [Theory]
    [InlineData("always_off", null, SamplingDecision.Drop)]
    [InlineData("traceidratio", "0", SamplingDecision.Drop)]
    [InlineData("parentbased_traceidratio", "1", SamplingDecision.RecordAndSample)]
    [InlineData(null, null, SamplingDecision.RecordAndSample)]
    public void The_standard_variables_choose_the_sampler(string? name, string? argument, SamplingDecision decision)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["OTEL_TRACES_SAMPLER"] = name, ["OTEL_TRACES_SAMPLER_ARG"] = argument }).Build();

        Decide(SamplerFilter.FromConfiguration(configuration), default, ActivityKind.Internal).ShouldBe(decision);
    }

    [Fact]
    public void An_unknown_sampler_is_refused_by_name()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["OTEL_TRACES_SAMPLER"] = "often" }).Build();

        Should.Throw<InvalidOperationException>(() => SamplerFilter.FromConfiguration(configuration)).Message.ShouldContain("often");
    }

    [Fact]
    public void What_is_below_a_dropped_span_is_dropped_too()
    {
        var sampler = new SamplerFilter(new AlwaysOnSampler());
        var dropped = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.None);
        var recorded = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);

        Decide(sampler, dropped, ActivityKind.Client).ShouldBe(SamplingDecision.Drop);
        Decide(sampler, recorded, ActivityKind.Client).ShouldBe(SamplingDecision.RecordAndSample);
        Decide(sampler, recorded, ActivityKind.Server, "/flow/status").ShouldBe(SamplingDecision.Drop);
    }

    private static SamplingDecision Decide(Sampler sampler, ActivityContext parent, ActivityKind kind, string path = "/") =>
        sampler.ShouldSample(new SamplingParameters(parent, ActivityTraceId.CreateRandom(), "span", kind, [new("url.path", path)])).Decision;

    private static Task<TestService> StartAsync(Collector collector) => TestService.StartAsync(
        app =>
        {
            app.MapGet("/items/{id}", (string id, ILogger<TelemetryTests> logger) =>
            {
                logger.LogInformation("Looking for {Id}", id);
                return id;
            });
            app.MapGet("/fails/{id}", IResult (string id) => throw new InvalidOperationException(id));
        },
        new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_SERVICE_NAME"] = "named-by-environment",
        });

    /// <summary>A string attribute as OTLP encodes it: a key, and a value within a value.</summary>
    private static byte[] Tag(string key, string value) =>
    [
        0x0A, (byte)key.Length, .. Encoding.UTF8.GetBytes(key),
        0x12, (byte)(value.Length + 2), 0x0A, (byte)value.Length, .. Encoding.UTF8.GetBytes(value),
    ];

    /// <summary>Takes OTLP over HTTP and keeps the bodies.</summary>
    private sealed class Collector(WebApplication app) : IAsyncDisposable
    {
        private readonly ConcurrentQueue<(string Path, byte[] Body)> received = [];

        public string Address => app.Urls.First();

        public static async Task<Collector> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls($"http://{IPAddress.Loopback}:0");
            builder.Logging.ClearProviders();
            var collector = new Collector(builder.Build());
            await collector.RunAsync();
            return collector;
        }

        public bool Has(string path, byte[] bytes) => received.Any(post => post.Path == path && post.Body.AsSpan().IndexOf(bytes) >= 0);

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private Task RunAsync()
        {
            app.MapPost("/v1/{signal}", async (HttpContext http) =>
            {
                using var body = new MemoryStream();
                await http.Request.Body.CopyToAsync(body, http.RequestAborted);
                received.Enqueue((http.Request.Path, body.ToArray()));
            });
            return app.StartAsync(Cancel);
        }
    }
}
