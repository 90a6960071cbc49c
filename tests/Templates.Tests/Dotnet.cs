using System.Collections.Concurrent;
using System.Diagnostics;

namespace FlowPlatform.Templates.Tests;

/// <summary>The command <c>dotnet</c>.</summary>
internal static class Dotnet
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

    /// <summary>Runs it in a directory, and expects that it succeeds; what it said.</summary>
    public static async Task<string> DoneAsync(string directory, params string[] arguments)
    {
        await using var run = new DotnetProcess(directory, new Dictionary<string, string?>(), arguments);
        (await run.ExitAsync(Limit)).ShouldBe(0, $"dotnet {string.Join(' ', arguments)}\n{run.Output}");
        return run.Output;
    }

    /// <summary>Starts it; it ends with the returned object at the latest.</summary>
    public static DotnetProcess Start(string directory, IReadOnlyDictionary<string, string?> environment, params string[] arguments) => new(directory, environment, arguments);
}

/// <summary>A running command. With it ends all that it has started.</summary>
internal sealed class DotnetProcess : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> lines = new();
    private readonly Process process;

    public DotnetProcess(string directory, IReadOnlyDictionary<string, string?> environment, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        // No build server may outlive the test, or keep its directory.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        // The test host's own: what it starts would take them for its own settings.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("TESTINGPLATFORM_", StringComparison.Ordinal) || name is "MSBuildSDKsPath" or "MSBUILD_EXE_PATH" or "MSBuildExtensionsPath").ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Output => string.Join('\n', lines);

    public bool HasExited => process.HasExited;

    public async Task<int> ExitAsync(TimeSpan limit)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        either.CancelAfter(limit);
        try
        {
            await process.WaitForExitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"It has not ended after {limit.TotalMinutes:0} min:\n{Output}");
        }

        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }

        process.Dispose();
    }

    private void Add(string? line)
    {
        if (line is not null)
        {
            lines.Enqueue(line);
        }
    }
}
