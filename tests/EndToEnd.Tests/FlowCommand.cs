using System.Diagnostics;
using System.Text.Json;
using FlowPlatform.Cli;
using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.EndToEnd.Tests;

/// <summary>The command <c>flow</c>, as a process of its own.</summary>
internal static class FlowCommand
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Runs it in a folder.</summary>
    public static async Task<FlowRun> RunAsync(string folder, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(DotnetHost.Path, [typeof(FlowCli).Assembly.Location, .. arguments])
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        })!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token));
        await process.WaitForExitAsync(Token);
        var run = new FlowRun(process.ExitCode, await output, await error);
        TestContext.Current.TestOutputHelper?.WriteLine($"$ flow {string.Join(' ', arguments)}\n{run.All}[{run.Code}]");
        return run;
    }

    /// <summary>Runs it on an AppHost, and expects that it succeeds.</summary>
    public static async Task<string> DoneAsync(this AppHostProcess host, params string[] arguments)
    {
        var run = await RunAsync(Path.GetTempPath(), [.. arguments, "--data", host.Data]);
        run.Code.ShouldBe(ExitCode.Ok, run.All);
        return run.Out;
    }

    /// <summary>Runs it on an AppHost, and expects that it ends so.</summary>
    public static async Task<FlowRun> FailsAsync(this AppHostProcess host, int code, params string[] arguments)
    {
        var run = await RunAsync(Path.GetTempPath(), [.. arguments, "--data", host.Data]);
        run.Code.ShouldBe(code, run.All);
        return run;
    }

    /// <summary>What it answers as JSON; null while somebody doesn't answer, as when everything starts again.</summary>
    public static async Task<JsonElement?> TryJsonAsync(this AppHostProcess host, params string[] arguments)
    {
        var run = await RunAsync(Path.GetTempPath(), [.. arguments, "--json", "--data", host.Data]);
        return run.Out.Length > 0 ? JsonDocument.Parse(run.Out).RootElement : null;
    }

    /// <summary>What it answers as JSON, however it ends.</summary>
    public static async Task<JsonElement> JsonAsync(this AppHostProcess host, params string[] arguments)
    {
        var run = await RunAsync(Path.GetTempPath(), [.. arguments, "--json", "--data", host.Data]);
        return run.Out.Length > 0 ? JsonDocument.Parse(run.Out).RootElement : throw new InvalidOperationException($"flow {string.Join(' ', arguments)} says nothing: {run.Error}");
    }
}

/// <summary>How it ended.</summary>
internal sealed record FlowRun(int Code, string Out, string Error)
{
    public string All => $"{Out}\n{Error}";
}
