using System.Net.Http.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Supervision;
using FlowPlatform.Orchestration.Watching;
using Microsoft.Extensions.DependencyInjection;

namespace FlowPlatform.Orchestration.Tests.Supervision;

/// <summary>An application of real processes in the test's own folder; stopped and removed after the test.</summary>
internal sealed class FakeApplication : IAsyncDisposable
{
    private static readonly HttpClient Client = new();
    private readonly TemporaryFolder folder = new();
    private DistributedApplication? app;

    public FakeApplication()
    {
        Builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions());
        Builder.Configuration["Flow:Data"] = Data;
    }

    public IDistributedApplicationBuilder Builder { get; }

    public string Data => folder.File("data");

    public ResourceNotificationService Notifications => app!.ResourceNotifications;

    public RunningResources Resources => app!.Services.GetRequiredService<RunningResources>();

    public SourceWatch Watch => app!.Services.GetRequiredService<SourceWatch>();

    public Orchestrator Orchestrator => app!.Services.GetRequiredService<Orchestrator>();

    /// <summary>What a resource has written, or was written for it.</summary>
    public IReadOnlyList<ConsoleLine> Console(string name) => app!.Services.GetRequiredService<RunnerFactory>().ConsoleOf(name)!.After(0, ConsoleTail.LinesMax);

    public string File(string name) => folder.File(name);

    public IResourceBuilder<ProjectResource> AddService(string name, params string[] arguments) =>
        Builder.AddProject<Projects.FakeService>(name).WithHttpEndpoint().WithHttpHealthCheck("/health")
            .WithArgs($"--starts={File(name + ".starts")}").WithArgs(arguments);

    public async Task StartAsync()
    {
        app = Builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken);
    }

    public Task StopAsync() => app!.StopAsync(TestContext.Current.CancellationToken);

    /// <summary>The pids of every start so far, in order.</summary>
    public int[] Starts(string name)
    {
        var file = File(name + ".starts");
        return System.IO.File.Exists(file) ? [.. System.IO.File.ReadAllLines(file).Select(line => int.Parse(line, System.Globalization.CultureInfo.InvariantCulture))] : [];
    }

    public async Task<CustomResourceSnapshot> StateAsync(string name, string state) =>
        (await WaitAsync(name, change => change.Snapshot.State?.Text == state)).Snapshot;

    public Task HealthyAsync(string name) => WaitAsync(name, change => change.Snapshot.IsReady);

    public async Task<ResourceEvent> WaitAsync(string name, Func<ResourceEvent, bool> predicate, TimeSpan? limit = null) =>
        await Notifications.WaitForResourceAsync(name, predicate, TestContext.Current.CancellationToken)
            .WaitAsync(limit ?? TimeSpan.FromSeconds(60), TimeProvider.System, TestContext.Current.CancellationToken);

    /// <summary>Tells a service to end with a code.</summary>
    public static async Task ExitAsync(IResourceBuilder<ProjectResource> service, int code)
    {
        try
        {
            using var response = await Client.PostAsync(new Uri($"{service.GetEndpoint("http").Url}/exit/{code}"), null, TestContext.Current.CancellationToken);
        }
        catch (HttpRequestException)
        {
            // It ended before it could answer: as asked.
        }
    }

    public static Task<Dictionary<string, string>> VariablesAsync(IResourceBuilder<ProjectResource> service) => VariablesAsync(service.GetEndpoint("http").Url);

    public static async Task<Dictionary<string, string>> VariablesAsync(string url) =>
        (await Client.GetFromJsonAsync<Dictionary<string, string>>(new Uri($"{url}/variables"), TestContext.Current.CancellationToken))!;

    public async ValueTask DisposeAsync()
    {
        var starts = Directory.GetFiles(folder.Path, "*.starts").SelectMany(file => Starts(Path.GetFileNameWithoutExtension(file))).ToArray();
        if (app is not null)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }
        folder.Dispose();
        starts.ShouldAllBe(pid => ProcessIdentity.Of(pid) == null, "every process of the application has ended");
    }
}
