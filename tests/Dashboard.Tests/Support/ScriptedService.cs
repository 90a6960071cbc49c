using System.Collections.Concurrent;
using System.Net;
using FlowPlatform.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Dashboard.Tests.Support;

/// <summary>A service that says what a test wants it to say.</summary>
internal sealed class ScriptedService : IAsyncDisposable
{
    public const string Key = "admin-key-of-this-test";
    private readonly WebApplication app;
    private readonly CancellationTokenSource end = new();

    private ScriptedService(WebApplication app, string name) => (this.app, Name) = (app, name);

    public string Name { get; }

    public Uri Url => new(app.Urls.Single());

    /// <summary>What <c>/flow/status</c> answers; null: nothing, for as long as it runs.</summary>
    public FlowStatus? Status { get; set; }

    /// <summary>What <c>/health</c> answers besides Healthy.</summary>
    public string? Trouble { get; set; }

    /// <summary>What other GETs answer, by path.</summary>
    public ConcurrentDictionary<string, object> Answers { get; } = [];

    /// <summary>What was posted: path, body, key and actor.</summary>
    public ConcurrentQueue<(string Path, string Body, string Key, string Actor)> Posted { get; } = [];

    public int Asked { get; private set; }

    public static async Task<ScriptedService> StartAsync(string name)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.Configure<JsonOptions>(static json => json.SerializerOptions.Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
        var service = new ScriptedService(builder.Build(), name);
        service.app.Run(service.AnswerAsync);
        await service.app.StartAsync(TestContext.Current.CancellationToken);
        return service;
    }

    /// <summary>The settings by which a dashboard finds services.</summary>
    public static (string Name, string Value)[] Settings(params ScriptedService[] services) =>
        [.. services.GroupBy(static service => service.Name).SelectMany(static same => same.Select(static (service, index) => ($"services:{service.Name}:http:{index}", service.Url.ToString()))), ("FLOW_ADMIN_KEY", Key)];

    /// <summary>The status of a service with one consumer in one partition.</summary>
    public FlowStatus StatusAt(long position, long lag = 0, string state = "live", string owner = "one", string instance = "one", long batches = 0, long events = 0) => new(
        1, Name, [new PublishedPartitionStatus("orders", 0, position, position)],
        [new ConsumerPartitionStatus("order-status", "orders", 0, position, position, lag, 0, state, owner, null) { Batches = new BatchStatus(batches, events) }],
        new OutboxStatus(0, 0, "running", null), 0)
    { Instance = instance };

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await app.DisposeAsync();
        end.Dispose();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        if (http.Request.Method == "POST")
        {
            using var reader = new StreamReader(http.Request.Body);
            Posted.Enqueue((path, await reader.ReadToEndAsync(http.RequestAborted), http.Request.Headers["X-Flow-Key"].ToString(), http.Request.Headers["X-Flow-Actor"].ToString()));
            await http.Response.WriteAsJsonAsync(new { version = 1 }, http.RequestAborted);
        }
        else if (path == "/flow/status")
        {
            Asked++;
            if (Status is null)
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, end.Token);
                var never = new TaskCompletionSource();
                await using var ending = either.Token.Register(never.SetResult);
                await never.Task;
            }
            else
            {
                await http.Response.WriteAsJsonAsync(Status, http.RequestAborted);
            }
        }
        else if (path == "/health")
        {
            http.Response.StatusCode = Trouble is null ? 200 : 503;
            await http.Response.WriteAsJsonAsync(new { status = Trouble is null ? "Healthy" : "Unhealthy", checks = new[] { new { name = "flow", status = Trouble is null ? "Healthy" : "Unhealthy", reason = Trouble } } }, http.RequestAborted);
        }
        else if (Answers.TryGetValue(path, out var answer))
        {
            await http.Response.WriteAsJsonAsync(answer, http.RequestAborted);
        }
        else
        {
            http.Response.StatusCode = 404;
        }
    }
}
