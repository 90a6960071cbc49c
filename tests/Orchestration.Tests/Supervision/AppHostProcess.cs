using System.Globalization;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Tests.Supervision;

/// <summary>A small AppHost in a process of its own, with two services.</summary>
internal sealed class AppHostProcess : IAsyncDisposable
{
    private readonly OutputBuffer output;
    private readonly ChildProcess process;
    private readonly string folder;

    private AppHostProcess(string folder, OutputBuffer output, ChildProcess process)
    {
        this.folder = folder;
        this.output = output;
        this.process = process;
    }

    public int ProcessId => process.ProcessId;

    public Task<int> Exited => process.Exited;

    public string Output => output.Tail(1_000);

    public static async Task<AppHostProcess> StartAsync(string folder, bool launched = false, params string[] arguments)
    {
        var output = new OutputBuffer(1_000);
        string[] launch = launched ? ["--launch"] : [];
        var process = await ChildProcess.StartAsync(new ChildProcessStart(
            "dotnet", [new Projects.FakeAppHost().TargetPath, .. launch, Path.Combine(folder, "data"), $"--starts={Path.Combine(folder, "starts")}", .. arguments])
        {
            WorkingDirectory = folder,
            OnLine = output.Add,
        });
        return new AppHostProcess(folder, output, process);
    }

    /// <summary>Waits until both services are up; their identities.</summary>
    public async Task<ProcessIdentity[]> ServicesAsync()
    {
        var starts = Path.Combine(folder, "starts");
        await Eventually.HoldsAsync("both services are ready", () => Output.Contains("second: ready", StringComparison.Ordinal));
        return [.. File.ReadAllLines(starts).Select(line => ProcessIdentity.Of(int.Parse(line, CultureInfo.InvariantCulture))!)];
    }

    /// <summary>The AppHost itself, also when it was launched by another process.</summary>
    public ProcessIdentity Host => ProcessIdentity.Of(int.Parse(File.ReadAllText(Path.Combine(folder, "data", "apphost.pid")), CultureInfo.InvariantCulture))!;

    public async ValueTask DisposeAsync() => await process.DisposeAsync();
}
