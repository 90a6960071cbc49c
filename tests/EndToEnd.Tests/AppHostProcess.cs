using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Supervision;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.EndToEnd.Tests;

/// <summary>
/// The real AppHost in a process of its own, with a broker, data and ports of its own. Whatever becomes of the test, no process is left after it;
/// what AppHost and services said goes to the test's output.
/// </summary>
internal sealed class AppHostProcess : IAsyncDisposable
{
    public static readonly string[] Services = ["orders", "inventory", "payments", "shipping", "insights", "simulator"];

    /// <summary>The first start of all may have to download a broker.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);

    private readonly OutputBuffer output;
    private readonly ChildProcess process;

    private AppHostProcess(string data, OutputBuffer output, ChildProcess process)
    {
        Data = data;
        this.output = output;
        this.process = process;
    }

    public string Data { get; }

    public int ProcessId => process.ProcessId;

    public string Output => output.Tail(int.MaxValue);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Starts it with these flags and <c>--data</c>; without dashboard, unless the flags ask for it: it would take from the machine what tests need.</summary>
    public static Task<AppHostProcess> StartAsync(string data, params string[] flags) => StartAsync(data, new Dictionary<string, string?>(), flags);

    public static async Task<AppHostProcess> StartAsync(string data, IReadOnlyDictionary<string, string?> environment, params string[] flags)
    {
        var output = new OutputBuffer(10_000);
        // A broker or dataset named for other purposes is not for these runs.
        var variables = new Dictionary<string, string?> { ["ConnectionStrings__rabbitmq"] = null, ["FLOW_DATASET"] = null };
        foreach (var (name, value) in environment)
        {
            variables[name] = value;
        }

        var process = await ChildProcess.StartAsync(new ChildProcessStart(DotnetHost.Path, [new Projects.AppHost().TargetPath, "--data", data, .. flags.Any(flag => flag is "--dashboard") ? flags : ["--no-dashboard", .. flags]])
        {
            WorkingDirectory = Path.GetTempPath(),
            Environment = variables,
            OnLine = output.Add,
        });
        return new AppHostProcess(data, output, process);
    }

    /// <summary>Waits for its end.</summary>
    public Task<int> ExitAsync(TimeSpan limit) => process.Exited.WaitAsync(limit, TimeProvider.System, Token);

    /// <summary>Waits for a condition that comes true while it runs.</summary>
    public Task UntilAsync(string condition, Func<Task<bool>> holds, TimeSpan? limit = null) => Eventually.ThatAsync(
        condition,
        async () => await holds() || (process.Exited.IsCompleted ? throw new InvalidOperationException($"The AppHost has ended with {await process.Exited} before: {condition}.") : false),
        limit ?? StartLimit);

    /// <summary>Waits until its services are ready; where they listen.</summary>
    public async Task<IReadOnlyDictionary<string, Uri>> UrlsAsync()
    {
        var file = Path.Combine(Data, "apphost.json");
        await UntilAsync("the services are ready", () => Task.FromResult(File.Exists(file)));
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file, Token));
        json.RootElement.GetProperty("pid").GetInt32().ShouldBe(ProcessId);
        return json.RootElement.GetProperty("urls").EnumerateObject().ToDictionary(url => url.Name, url => new Uri(url.Value.GetString()!));
    }

    /// <summary>Waits until an order was shipped: the broker and all services do their work.</summary>
    public async Task FlowsAsync()
    {
        using var orders = new OrdersClient((await UrlsAsync())["orders"]);
        await UntilAsync("an order is shipped", async () => await orders.SummaryAsync() is { Shipped: > 0 });
    }

    /// <summary>Sends a signal as <c>kill</c> does.</summary>
    public static async Task SignalAsync(string signal, int pid)
    {
        using var kill = Process.Start("kill", [$"-{signal}", pid.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(Token);
        kill.ExitCode.ShouldBe(0, $"kill -{signal} {pid}");
    }

    /// <summary>Does something while the AppHost is paused: what ends meanwhile is started again only afterwards.</summary>
    public async Task WhilePausedAsync(Func<Task> act)
    {
        await SignalAsync("STOP", ProcessId);
        try
        {
            await act();
        }
        finally
        {
            await SignalAsync("CONT", ProcessId);
        }
    }

    /// <summary>Kills a service at once, and waits until it is gone.</summary>
    public Task KillAsync(string service) => KillAsync(Data, service);

    /// <summary>Kills the broker's node as a power cut would, and waits until it is gone. What it has written, the system still has (see <see cref="Repair.StreamFiles"/>).</summary>
    public Task KillBrokerAsync() => KillAsync(BrokerData, "rabbitmq");

    /// <summary>Where the broker's node has its data.</summary>
    public string BrokerData => Path.Combine(Data, "rabbitmq");

    private static async Task KillAsync(string data, string name)
    {
        var victim = SystemProcesses.Service(data, name).ShouldNotBeNull($"{name} must run");
        await SignalAsync("KILL", victim.ProcessId);
        await Eventually.ThatAsync($"{name} is gone", () => !victim.IsAlive);
    }

    /// <summary>Services that are asked to stop do so in good order.</summary>
    public void NoServiceShouldHaveFailed()
    {
        foreach (var service in Services)
        {
            ServiceLog(service).ShouldNotContain(line => line.Contains("Unhandled exception", StringComparison.Ordinal), $"{service}'s log");
        }
    }

    /// <summary>Waits until so many orders are accepted.</summary>
    public Task AcceptedAsync(OrdersClient orders, int count) => UntilAsync($"{count} orders are accepted", async () => await orders.SummaryAsync() is { } now && now.Accepted >= count);

    /// <summary>Where the broker speaks AMQP, with user and password; of several nodes, the first.</summary>
    public Uri BrokerAddress()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Data, "apphost.json")));
        return new UriBuilder(json.RootElement.GetProperty("broker").GetString()!) { Query = "" }.Uri;
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        foreach (var left in SystemProcesses.All(Data))
        {
            Signals.Kill(left.ProcessId);
        }

        await Eventually.ThatAsync("no process of the AppHost is left", () => SystemProcesses.All(Data).Count == 0);
        Tell("AppHost", output.Tail(60));
        foreach (var service in Services)
        {
            Tell(service, string.Join('\n', ServiceLog(service).TakeLast(30)));
        }
    }

    /// <summary>The log of a service, or of all its replicas.</summary>
    private IEnumerable<string> ServiceLog(string service)
    {
        var folder = Path.Combine(Data, "logs");
        return Directory.Exists(folder) ? Directory.GetFiles(folder, $"{service}*.log").Order(StringComparer.Ordinal).SelectMany(File.ReadLines) : [];
    }

    private static void Tell(string who, string text) => TestContext.Current.TestOutputHelper?.WriteLine($"--- {who}\n{text}");
}
