using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using FlowPlatform.Dashboard.Receiving;
using FlowPlatform.Dashboard.Storage;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Dashboard.Tests.Support;

/// <summary>A dashboard on free ports, in a directory of its own or in one that outlives it.</summary>
internal sealed class TestDashboard : IAsyncDisposable
{
    public const string Key = "key-of-this-test";
    public const string KeyHeader = "x-otlp-api-key";
    public const string Token = "token-of-this-test";

    private readonly WebApplication app;
    private readonly TemporaryDirectory? own;

    private TestDashboard(WebApplication app, TemporaryDirectory? own)
    {
        (this.app, this.own) = (app, own);
        Addresses = DashboardApp.AddressesOf(app, app.Services.GetRequiredService<DashboardSettings>());
        Http = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = TestRun.Limit }) { BaseAddress = new Uri(Addresses.OtlpHttp) };
        Http.DefaultRequestHeaders.Add(KeyHeader, Key);
    }

    public DashboardAddresses Addresses { get; }

    /// <summary>Sends to the address of OTLP over HTTP, with the key.</summary>
    public HttpClient Http { get; }

    public TelemetryRuns Runs => Get<TelemetryRuns>();

    public TelemetryRun Run => Runs.Current;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<TestDashboard> StartAsync(string? directory = null, TimeProvider? clock = null, params (string Name, string Value)[] settings)
    {
        var own = directory is null ? new TemporaryDirectory() : null;
        var app = DashboardApp.Build([], builder =>
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["urls"] = "http://127.0.0.1:0",
                ["FLOW_DATA"] = directory ?? own!.Path,
                ["Dashboard:Otlp:PrimaryApiKey"] = Key,
                ["Dashboard:Frontend:BrowserToken"] = Token,
            });
            builder.Configuration.AddInMemoryCollection(settings.Select(static setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)));
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton(clock ?? TimeProvider.System);
        });
        await app.StartAsync(Cancel);
        return new TestDashboard(app, own);
    }

    public T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    public ISignalState State(Signal signal) => app.Services.GetRequiredKeyedService<ISignalState>(signal);

    /// <summary>The link that is printed.</summary>
    public Uri LoginLink => new($"{Addresses.Pages[0]}/login?t={Token}");

    /// <summary>Asks for pages as a browser that has not logged in, and follows no redirect.</summary>
    public HttpClient Pages() => new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(Addresses.Pages[0]) };

    /// <summary>Asks for pages as a browser that has logged in.</summary>
    public async Task<HttpClient> LogInAsync()
    {
        var http = Pages();
        using var answer = await http.GetAsync(LoginLink, Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        return http;
    }

    public Task<HttpResponseMessage> PostAsync(string signal, IMessage message) => PostAsync(signal, message.ToByteArray());

    public async Task<HttpResponseMessage> PostAsync(string signal, byte[] body, string? encoding = null, string contentType = OtlpFaults.Protobuf)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        return await Http.PostAsync($"/v1/{signal}", content, Cancel);
    }

    /// <summary>Sends, and waits until it is kept.</summary>
    public async Task KeepAsync(IMessage request)
    {
        var (signal, path, items) = request switch
        {
            OpenTelemetry.Proto.Collector.Trace.V1.ExportTraceServiceRequest traces => (Signal.Traces, "traces", traces.ResourceSpans.Sum(static r => r.ScopeSpans.Sum(static s => s.Spans.Count))),
            OpenTelemetry.Proto.Collector.Logs.V1.ExportLogsServiceRequest logs => (Signal.Logs, "logs", logs.ResourceLogs.Sum(static r => r.ScopeLogs.Sum(static s => s.LogRecords.Count))),
            _ => (Signal.Metrics, "metrics", 1),
        };
        var before = await ItemsAsync(signal, Outcome.Kept);
        using var answer = await PostAsync(path, request);
        answer.EnsureSuccessStatusCode();
        await Eventually.ThatAsync($"{items} {path} more are kept", () => ItemsAsync(signal, Outcome.Kept), kept => kept >= before + items);
    }

    public async Task<long> ItemsAsync(Signal signal, Outcome outcome) => (await IntakeAsync(signal)).Counts.GetValueOrDefault(outcome).Items;

    public async Task<long> RequestsAsync(Signal signal, Outcome outcome) => (await IntakeAsync(signal)).Counts.GetValueOrDefault(outcome).Requests;

    public async Task<IntakeState> IntakeAsync(Signal signal) => (await Get<IntakeReader>().ReadAsync(Run, Cancel))[(int)signal];

    public static byte[] Gzip(byte[] bytes)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return compressed.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.DisposeAsync();
        own?.Dispose();
    }
}
