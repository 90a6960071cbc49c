using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.ResourceService;
using FlowPlatform.Orchestration.Tests.Supervision;

namespace FlowPlatform.Orchestration.Tests.ResourceService;

/// <summary>An application of real processes with a dashboard among them, and what that dashboard would ask.</summary>
internal sealed class ServedApplication : IAsyncDisposable
{
    private readonly FakeApplication application = new();
    private HttpClient? client;

    public ServedApplication()
    {
        Token = application.Builder.AddParameter("token", new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true, persist: true);
        TelemetryKey = application.Builder.AddParameter("otlp-key", new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true, persist: true);
        Dashboard = application.Builder.AddProject<Projects.FakeService>("dashboard").AsDashboard(Token, TelemetryKey).WithArgs($"--starts={application.File("dashboard.starts")}");
    }

    public FakeApplication Application => application;

    public IResourceBuilder<ParameterResource> Token { get; }

    public IResourceBuilder<ParameterResource> TelemetryKey { get; }

    public IResourceBuilder<ProjectResource> Dashboard { get; }

    /// <summary>What the dashboard was told.</summary>
    public Dictionary<string, string> Told { get; private set; } = [];

    public HttpClient Client => client!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async Task StartAsync()
    {
        await application.StartAsync();
        await application.HealthyAsync("dashboard");
        Told = await FakeApplication.VariablesAsync(Dashboard);
        client = new HttpClient { BaseAddress = new Uri(Told["FLOW_RESOURCE_URL"]) };
        client.DefaultRequestHeaders.Add(ResourceAccess.Header, Told["FLOW_RESOURCE_KEY"]);
    }

    public async Task<ResourceListing> ListAsync() => (await Client.GetFromJsonAsync<ResourceListing>("/v1/resources", Cancel))!;

    public async Task<ResourceDescription> DescribeAsync(string name) => (await ListAsync()).Resources.Single(resource => resource.Name == name);

    /// <summary>Waits until the service tells so of a resource.</summary>
    public async Task<ResourceDescription> UntilAsync(string name, Func<ResourceDescription, bool> holds)
    {
        ResourceDescription? seen = null;
        await Eventually.HoldsAsync($"{name} is as expected; last seen: {seen}", async () => holds(seen = await DescribeAsync(name)));
        return seen!;
    }

    public Task<ResourceDescription> HealthyAsync(string name) => UntilAsync(name, static resource => resource.Health == "Healthy");

    /// <summary>Gives a command; the status and, of a refusal, its code.</summary>
    public async Task<(HttpStatusCode Status, string? Code)> CommandAsync(string name, string command, int? replicas = null)
    {
        using var answer = await Client.PostAsJsonAsync($"/v1/resources/{name}/commands/{command}", new CommandRequest(replicas), Cancel);
        return (answer.StatusCode, await CodeOfAsync(answer));
    }

    public static async Task<string?> CodeOfAsync(HttpResponseMessage answer)
    {
        if (answer.IsSuccessStatusCode)
        {
            return null;
        }
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("code").GetString();
    }

    /// <summary>Events of a stream, until the enumeration ends.</summary>
    public async IAsyncEnumerable<(string Type, JsonElement Data)> EventsAsync(string path)
    {
        using var answer = await Client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        await using var body = await answer.Content.ReadAsStreamAsync(Cancel);
        await foreach (var item in SseParser.Create(body).EnumerateAsync(Cancel))
        {
            if (item.EventType == "ping")
            {
                continue;
            }
            yield return (item.EventType, JsonDocument.Parse(item.Data).RootElement);
        }
    }

    public async ValueTask DisposeAsync()
    {
        client?.Dispose();
        await application.DisposeAsync();
    }
}
