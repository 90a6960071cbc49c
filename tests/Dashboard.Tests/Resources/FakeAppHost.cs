using System.Collections.Concurrent;
using System.Text.Json;
using FlowPlatform.Dashboard.Resources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Dashboard.Tests.Resources;

/// <summary>A resource service that tells what the test says and remembers what it is asked.</summary>
internal sealed class FakeAppHost : IAsyncDisposable
{
    public const string Key = "resource-key-of-this-test";

    private readonly WebApplication app;
    private readonly TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, ResourceState> resources = new(StringComparer.Ordinal);
    private readonly string[] order;
    private volatile TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FakeAppHost(WebApplication app, ResourceState[] states)
    {
        this.app = app;
        order = [.. states.Select(static state => state.Name)];
        Array.ForEach(states, state => resources[state.Name] = state);
    }

    public string Url => app.Urls.Single();

    public (string, string)[] Settings => [("FLOW_RESOURCE_URL", Url), ("FLOW_RESOURCE_KEY", Key)];

    /// <summary>Commands, as <c>orders stop</c>.</summary>
    public ConcurrentQueue<string> Commands { get; } = [];

    public string[] Lines { get; set; } = [];

    public static async Task<FakeAppHost> StartAsync(params ResourceState[] states)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var host = new FakeAppHost(app, states);
        app.Use(async (context, next) =>
        {
            context.Request.Headers["X-Flow-Key"].ToString().ShouldBe(Key);
            await next(context);
        });
        app.MapGet("/v1/resources/changes", host.TellAsync);
        app.MapGet("/v1/resources/{name}/console/changes", host.TellLinesAsync);
        app.MapPost("/v1/resources/{name}/commands/{command}", (string name, string command) => host.Commands.Enqueue($"{name} {command}"));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    public void Change(string name, Func<ResourceState, ResourceState> change)
    {
        resources[name] = change(resources[name]);
        Interlocked.Exchange(ref changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    public async ValueTask DisposeAsync()
    {
        end.TrySetResult();
        await app.DisposeAsync();
    }

    private async Task TellAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        while (!end.Task.IsCompleted)
        {
            var next = changed.Task;
            await SendAsync(context, "resources", new ResourceListing("instance", "FlowPlatform", [.. order.Select(name => resources[name])]));
            await Task.WhenAny(next, end.Task).WaitAsync(context.RequestAborted);
        }
    }

    private async Task TellLinesAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        var at = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        await SendAsync(context, "lines", new ConsoleLines("instance", 0, [.. Lines.Select((line, index) => new ConsoleLine(index + 1, at.AddMilliseconds(index * 37), line.Contains("fail", StringComparison.Ordinal), line))]));
        await end.Task.WaitAsync(context.RequestAborted);
    }

    private static async Task SendAsync(HttpContext context, string type, object data)
    {
        await context.Response.WriteAsync($"event: {type}\ndata: {JsonSerializer.Serialize(data, JsonSerializerOptions.Web)}\n\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
