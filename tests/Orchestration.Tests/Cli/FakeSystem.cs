using System.Collections.Concurrent;
using System.Text.Json;
using FlowPlatform.Cli;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Orchestration.Tests.Cli;

/// <summary>Services that answer as they are told, and the <c>apphost.json</c> of an AppHost that runs them: this test's own process. <see cref="RunAsync"/> is <c>flow</c> in the folder above.</summary>
internal sealed class FakeSystem : IAsyncDisposable
{
    public const string Key = "k3y-that-nobody-may-see";
    private const string ResourceKey = "another-k3y-that-nobody-may-see";
    private readonly WebApplication app;
    private readonly TemporaryFolder folder = new();
    private readonly ConcurrentDictionary<string, (int Status, string Body)> answers = new(StringComparer.Ordinal);

    private FakeSystem(WebApplication app) => this.app = app;

    /// <summary>Requests, as <c>POST orders/flow/redrive {…}</c>.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    public string Folder => folder.Path;

    public string Data => Path.Combine(Folder, ".flow", "data");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Starts these services, healthy and with nothing else to say.</summary>
    public static async Task<FakeSystem> StartAsync(params string[] services)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var system = new FakeSystem(builder.Build());
        system.app.Run(system.AnswerAsync);
        await system.app.StartAsync(Cancel);
        foreach (var service in services)
        {
            system.Says(service, "/health", """{"status":"Healthy","checks":[]}""");
        }

        WriteAppHost(system.Data, Environment.ProcessId, services.ToDictionary(service => service, service => $"{system.app.Urls.First()}/{service}/"));
        return system;
    }

    public static void WriteAppHost(string data, int pid, Dictionary<string, string> urls) => WriteAppHost(data, pid, urls.ToDictionary(pair => pair.Key, pair => (object)pair.Value));

    private static void WriteAppHost(string data, int pid, Dictionary<string, object> urls, object? resources = null)
    {
        Directory.CreateDirectory(data);
        File.WriteAllText(Path.Combine(data, "apphost.json"), JsonSerializer.Serialize(new { pid, urls, broker = "amqp://flow:s3cret@127.0.0.1:1", adminKey = Key, dashboard = "http://127.0.0.1:21000/login?t=t0ken-that-nobody-may-see", resources }));
    }

    /// <summary>What a service answers at a path, whatever the query.</summary>
    public void Says(string service, string path, string json, int status = 200) => answers[$"{service}{path}"] = (status, json);

    /// <summary>The AppHost takes commands for its resources; what it answers is <see cref="Says"/> of <c>apphost</c>.</summary>
    public void HasResources() => WriteAppHost(Data, Environment.ProcessId, [], new { url = $"{app.Urls.First()}/apphost/", key = ResourceKey });

    /// <summary>A service of several replicas, <c>NAME-1</c> and so on: each knows all, and calls itself <c>host/NUMBER</c>. The first has stopped with <c>orders-1</c>, the last with the outbox.</summary>
    public void HasReplicas(string service, int count)
    {
        var names = Enumerable.Range(1, count).Select(number => $"{service}-{number}").ToList();
        foreach (var (name, number) in names.Select((name, index) => (name, index + 1)))
        {
            Says(name, "/health", """{"status":"Unhealthy","checks":[]}""");
            Says(
                name,
                "/flow/status",
                $$"""
                {"version":1,"service":"{{service}}","streams":[],"consumers":[
                   {"consumer":"order-status","stream":"orders","partition":0,"position":5,"mark":5,"lag":0,"delaySeconds":0,"state":"live","owner":"host/{{count}}"},
                   {"consumer":"order-status","stream":"orders","partition":1,"position":5,"mark":5,"lag":3,"delaySeconds":0,"state":"stopped","owner":"host/1","error":"a gap"}],
                 "outbox":{"depth":3,"commands":0,"state":"stopped","error":"another store","owner":"host/{{count}}"},"parked":0,"instance":"host/{{number}}"}
                """);
        }

        WriteAppHost(Data, Environment.ProcessId, new Dictionary<string, object> { [service] = names.ConvertAll(name => $"{app.Urls.First()}/{name}/") });
    }

    /// <summary>A service with one consumer.</summary>
    public void HasConsumer(string service, string consumer, string stream = "orders", string state = "live", string? error = null, long lag = 0, string parked = "null") => Says(
        service,
        "/flow/status",
        $$"""
        {"version":1,"service":"{{service}}","streams":[{"stream":"{{service}}","partition":0,"lastSequence":1204,"confirmed":1204}],
         "consumers":[{"consumer":"{{consumer}}","stream":"{{stream}}","partition":0,"position":5,"mark":5,"lag":{{lag}},"delaySeconds":0,"state":"{{state}}","owner":"host/1","error":{{JsonSerializer.Serialize(error)}},"parked":{{parked}}}],
         "outbox":{"depth":0,"commands":0,"state":"running","error":null},"parked":0}
        """);

    /// <summary>Runs <c>flow</c>.</summary>
    public async Task<Run> RunAsync(string commandLine, string? typed = null, bool colour = false, string? folder = null)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        using var input = new StringReader(typed ?? "");
        var terminal = new Terminal { Out = output, Error = error, In = input, Interactive = typed is not null, Colour = colour, WorkingDirectory = folder ?? Folder };
        var code = await FlowCli.RunAsync(Split(commandLine), terminal, Cancel);
        var run = new Run(code, output.ToString(), error.ToString());
        $"{run.Out}{run.Error}".ShouldNotContain(Key);
        $"{run.Out}{run.Error}".ShouldNotContain(ResourceKey);
        $"{run.Out}{run.Error}".ShouldNotContain("s3cret");
        return run;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        folder.Dispose();
    }

    // Words, of which those in quotes may have blanks.
    private static string[] Split(string commandLine) =>
        [.. commandLine.Split('\'').SelectMany((part, index) => index % 2 == 1 ? [part] : part.Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    private async Task AnswerAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var path = http.Request.Path.Value!.TrimStart('/');
        Requests.Enqueue($"{http.Request.Method} {path}{Uri.UnescapeDataString(http.Request.QueryString.Value ?? "")} {await reader.ReadToEndAsync(Cancel)}".TrimEnd());
        if (path.Contains("/flow/", StringComparison.Ordinal) && !path.EndsWith("/flow/status", StringComparison.Ordinal) && http.Request.Headers["X-Flow-Key"] != Key)
        {
            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        if (path.StartsWith("apphost/", StringComparison.Ordinal) && http.Request.Headers["X-Flow-Key"] != ResourceKey)
        {
            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        var (status, body) = answers.GetValueOrDefault(path, (404, ""));
        http.Response.StatusCode = status;
        http.Response.ContentType = status < 400 ? "application/json" : "application/problem+json";
        await http.Response.WriteAsync(body, Cancel);
    }

    internal sealed record Run(int Code, string Out, string Error);
}
