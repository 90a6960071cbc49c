using System.Diagnostics;
using System.Text;

namespace FlowPlatform.Orchestration.Processes;

/// <summary>What to start. <see cref="Environment"/> is added to this process's own; a null value removes a variable.</summary>
internal sealed record ChildProcessStart(string FileName, IReadOnlyList<string> Arguments)
{
    public required string WorkingDirectory { get; init; }

    /// <summary>Asks the process to end; false when it is gone. Default: SIGTERM.</summary>
    public Func<int, bool> AskToEnd { get; init; } = Signals.Terminate;

    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Called for every line, from the two reading tasks.</summary>
    public Action<OutputLine>? OnLine { get; init; }
}

/// <summary>A supervised child: its output is captured, it dies with this process (where the platform can), stopping it is bounded.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(1);

    private readonly Process process;
    private readonly Func<int, bool> askToEnd;
    private readonly Task output;

    private ChildProcess(Process process, ProcessIdentity? identity, ChildProcessStart start)
    {
        this.process = process;
        askToEnd = start.AskToEnd;
        ProcessId = process.Id;
        Identity = identity;
        output = Task.WhenAll(
            OutputReader.ReadAsync(process.StandardOutput, text => start.OnLine?.Invoke(new OutputLine(text, IsError: false))),
            OutputReader.ReadAsync(process.StandardError, text => start.OnLine?.Invoke(new OutputLine(text, IsError: true))));
        Exited = ExitAsync();
    }

    public int ProcessId { get; }

    /// <summary>Null when the process ended before its start time could be read.</summary>
    public ProcessIdentity? Identity { get; }

    /// <summary>Completes with the exit code (128 + signal number when a signal ended it), after the output was read.</summary>
    public Task<int> Exited { get; }

    /// <exception cref="FileNotFoundException">The executable or the working directory doesn't exist.</exception>
    public static async Task<ChildProcess> StartAsync(ChildProcessStart start)
    {
        var executable = Executables.Find(start.FileName)
            ?? throw new FileNotFoundException($"The executable '{start.FileName}' doesn't exist.", start.FileName);
        if (!Directory.Exists(start.WorkingDirectory))
        {
            throw new FileNotFoundException($"The working directory '{start.WorkingDirectory}' of '{start.FileName}' doesn't exist.", start.WorkingDirectory);
        }
        var info = new ProcessStartInfo
        {
            WorkingDirectory = start.WorkingDirectory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        ParentDeath.Apply(info, executable, start.Arguments);
        foreach (var (name, value) in start.Environment)
        {
            info.Environment[name] = value;
        }
        var process = await SpawnThread.StartAsync(info);
        process.StandardInput.Close();
        return new ChildProcess(process, ProcessIdentity.Of(process.Id), start);
    }

    /// <summary>Asks it to end, then SIGKILL after <paramref name="grace"/>. Returns the exit code.</summary>
    public async Task<int> StopAsync(TimeSpan grace, TimeProvider time)
    {
        if (!Exited.IsCompleted && grace > TimeSpan.Zero && askToEnd(ProcessId))
        {
            await Task.WhenAny(Exited, Task.Delay(grace, time));
        }
        Kill();
        return await Exited;
    }

    public void Kill()
    {
        if (!Exited.IsCompleted)
        {
            Signals.Kill(ProcessId);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await Exited;
        process.Dispose();
    }

    private async Task<int> ExitAsync()
    {
        await process.WaitForExitAsync();
        // A grandchild may hold the pipes open: wait for the rest of the output, but not for ever.
        await Task.WhenAny(output, Task.Delay(DrainTime, TimeProvider.System));
        return process.ExitCode;
    }
}
