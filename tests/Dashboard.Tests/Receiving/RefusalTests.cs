using System.Net;
using System.Net.Http.Headers;
using FlowPlatform.Dashboard.Receiving;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Tests.Support;
using Google.Protobuf;
using Google.Rpc;
using Microsoft.Data.Sqlite;
using OpenTelemetry.Proto.Collector.Trace.V1;
using Code = Google.Rpc.Code;

namespace FlowPlatform.Dashboard.Tests.Receiving;

/// <summary>What is not accepted gets the error that OTLP has for it, and is counted.</summary>
public sealed class RefusalTests
{
    private const string TraceService = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static ExportTraceServiceRequest Sound => Otlp.Spans("any", Otlp.Span(Otlp.TraceNumber(1), 1));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("key-of-another-test")]
    public async Task Without_the_key_nothing_is_taken(string? key)
    {
        await using var dashboard = await TestDashboard.StartAsync();
        dashboard.Http.DefaultRequestHeaders.Remove(TestDashboard.KeyHeader);
        if (key is not null)
        {
            dashboard.Http.DefaultRequestHeaders.Add(TestDashboard.KeyHeader, key);
        }

        using var overHttp = await dashboard.PostAsync("traces", Sound);
        overHttp.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(overHttp)).Code.ShouldBe((int)Code.Unauthenticated);
        (await GrpcAsync(dashboard, Sound.ToByteArray(), key)).Code.ShouldBe(Code.Unauthenticated);

        await Eventually.ThatAsync("both are counted", () => dashboard.RequestsAsync(Signal.Traces, Outcome.Unauthenticated), static count => count == 2);
        (await dashboard.ItemsAsync(Signal.Traces, Outcome.Kept)).ShouldBe(0);
    }

    [Fact]
    public async Task What_is_malformed_is_refused_for_good()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        var cut = Sound.ToByteArray()[..^1];

        using var overHttp = await dashboard.PostAsync("traces", cut);
        overHttp.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        overHttp.Content.Headers.ContentType!.MediaType.ShouldBe(OtlpFaults.Protobuf);
        (await StatusAsync(overHttp)).Code.ShouldBe((int)Code.InvalidArgument);
        using var noGzip = await dashboard.PostAsync("traces", cut, "gzip");
        noGzip.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await GrpcAsync(dashboard, cut, TestDashboard.Key)).Code.ShouldBe(Code.InvalidArgument);

        await Eventually.ThatAsync("all are counted", () => dashboard.RequestsAsync(Signal.Traces, Outcome.Malformed), static count => count == 3);
    }

    [Fact]
    public async Task What_is_too_large_is_refused_for_good()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        // The answer comes before the body is sent; else a sender may see no more than a closed connection.
        dashboard.Http.DefaultRequestHeaders.ExpectContinue = true;
        var large = Otlp.Spans("any", Otlp.Span(Otlp.TraceNumber(1), 1, name: new string('x', OtlpLimits.MaxMessage))).ToByteArray();

        using var plain = await dashboard.PostAsync("traces", large);
        plain.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        using var small = await dashboard.PostAsync("traces", TestDashboard.Gzip(large), "gzip");
        small.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await StatusAsync(small)).Code.ShouldBe((int)Code.ResourceExhausted);
        (await GrpcAsync(dashboard, large, TestDashboard.Key)).Code.ShouldBe(Code.ResourceExhausted);

        // Empty spans: 2 bytes each, and 200 in memory.
        var many = new byte[(2 * OtlpLimits.MaxParts) + 2];
        for (var i = 0; i < many.Length; i += 2)
        {
            many[i] = 0x12;
        }

        byte[] request = [0x0A, .. Varint(many.Length + 1 + Varint(many.Length).Length), 0x12, .. Varint(many.Length), .. many];
        using var parts = await dashboard.PostAsync("traces", request);
        parts.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task Only_protobuf_is_taken_and_only_at_its_own_address()
    {
        await using var dashboard = await TestDashboard.StartAsync();

        using var json = await dashboard.PostAsync("traces", "{}"u8.ToArray(), contentType: "application/json");
        json.StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        using var packed = await dashboard.PostAsync("traces", Sound.ToByteArray(), "br");
        packed.StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        using var health = await dashboard.Http.GetAsync("/health", Cancel);
        health.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        using var pages = dashboard.Pages();
        pages.DefaultRequestHeaders.Add(TestDashboard.KeyHeader, TestDashboard.Key);
        using var telemetry = await pages.PostAsync("/v1/traces", new ByteArrayContent([]), Cancel);
        telemetry.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await pages.GetStringAsync("/health", Cancel)).ShouldBe("Healthy");
    }

    [Fact]
    public async Task What_has_no_ids_is_rejected_alone()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        var nameless = Otlp.Span(Otlp.TraceNumber(2), 2);
        nameless.TraceId = ByteString.CopyFrom(new byte[16]);

        using var answer = await dashboard.PostAsync("traces", Otlp.Spans("any", Otlp.Span(Otlp.TraceNumber(1), 1), nameless));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var partial = ExportTraceServiceResponse.Parser.ParseFrom(await answer.Content.ReadAsByteArrayAsync(Cancel)).PartialSuccess;
        partial.RejectedSpans.ShouldBe(1);
        partial.ErrorMessage.ShouldContain("16 bytes");

        await Eventually.ThatAsync("the other is kept", () => dashboard.ItemsAsync(Signal.Traces, Outcome.Kept), static count => count == 1);
        await Eventually.ThatAsync("it is counted", () => dashboard.ItemsAsync(Signal.Traces, Outcome.Invalid), static count => count == 1);
    }

    [Fact]
    public async Task While_nothing_can_be_written_senders_are_told_to_come_again_and_nothing_grows()
    {
        const int Limit = 20_000;
        await using var dashboard = await TestDashboard.StartAsync(settings: ("Dashboard:TelemetryLimits:MaxWaitingBytes", $"{Limit}"));
        var request = Otlp.Spans("any", Otlp.Span(Otlp.TraceNumber(1), 1, name: new string('x', 1_000)));
        using var blocking = new SqliteConnection($"Data Source={dashboard.Run[Signal.Traces].Path};Pooling=False");
        await blocking.OpenAsync(Cancel);
        await using (await blocking.BeginTransactionAsync(Cancel))
        {
            HttpResponseMessage? refused = null;
            await Eventually.ThatAsync("one is refused", async () =>
            {
                var answer = await dashboard.PostAsync("traces", request);
                dashboard.State(Signal.Traces).WaitingBytes.ShouldBeLessThanOrEqualTo(Limit);
                refused = answer.StatusCode == HttpStatusCode.OK ? null : answer;
                return refused is not null;
            });
            refused!.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
            refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
            (await StatusAsync(refused)).Details.ShouldHaveSingleItem().Unpack<RetryInfo>().RetryDelay.Seconds.ShouldBe(1);
            await Eventually.ThatAsync("the same over gRPC", async () =>
            {
                var (code, details) = await GrpcAsync(dashboard, request.ToByteArray(), TestDashboard.Key);
                return code == Code.Unavailable && Google.Rpc.Status.Parser.ParseFrom(details).Details[0].Is(RetryInfo.Descriptor);
            });

            // Another signal has a file of its own.
            await dashboard.KeepAsync(Otlp.Logs("any", Otlp.Log("goes on")));
            await Eventually.ThatAsync("health tells it", async () =>
            {
                using var pages = dashboard.Pages();
                using var health = await pages.GetAsync("/health", Cancel);
                return health.StatusCode == HttpStatusCode.ServiceUnavailable;
            });
        }

        await Eventually.ThatAsync("it is taken again", async () => (await dashboard.PostAsync("traces", Sound)).IsSuccessStatusCode);
        await Eventually.ThatAsync("what was refused is counted", () => dashboard.RequestsAsync(Signal.Traces, Outcome.QueueFull), static count => count >= 2);
        await Eventually.ThatAsync("what was lost is counted", () => dashboard.ItemsAsync(Signal.Traces, Outcome.NotWritten), static count => count >= 1);
        await Eventually.ThatAsync("it is well again", () => dashboard.State(Signal.Traces).Fault is null);
    }

    internal static async Task<Google.Rpc.Status> StatusAsync(HttpResponseMessage answer) => Google.Rpc.Status.Parser.ParseFrom(await answer.Content.ReadAsByteArrayAsync(Cancel));

    /// <summary>A call of gRPC by hand: what comes back in headers or trailers.</summary>
    private static async Task<(Code Code, byte[] Details)> GrpcAsync(TestDashboard dashboard, byte[] message, string? key)
    {
        using var http = new HttpClient { BaseAddress = new Uri(dashboard.Addresses.OtlpGrpc), DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var request = new HttpRequestMessage(HttpMethod.Post, TraceService) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        var size = BitConverter.GetBytes(System.Net.IPAddress.HostToNetworkOrder(message.Length));
        request.Content = new ByteArrayContent([0, .. size, .. message]);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation(TestDashboard.KeyHeader, key);
        }

        using var answer = await http.SendAsync(request, Cancel);
        await answer.Content.ReadAsByteArrayAsync(Cancel);
        var code = Of("grpc-status");
        var details = Of("grpc-status-details-bin");
        return ((Code)int.Parse(code!, System.Globalization.CultureInfo.InvariantCulture), details is null ? [] : Convert.FromBase64String(details.PadRight((details.Length + 3) / 4 * 4, '=')));

        string? Of(string name) => (answer.Headers.TryGetValues(name, out var values) || answer.TrailingHeaders.TryGetValues(name, out values)) ? values.First() : null;
    }

    private static byte[] Varint(int value)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes))
        {
            output.WriteUInt32((uint)value);
        }

        return bytes.ToArray();
    }
}
