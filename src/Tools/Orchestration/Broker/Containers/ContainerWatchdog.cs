using System.Diagnostics;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Broker.Containers;

/// <summary>
/// Removes a container when this process ends, however it ends. A container is the engine's child, not ours: no signal of the kernel reaches it. So a small shell
/// waits on a pipe that only this process holds; when the pipe closes, it has the engine remove the container. On Windows there is none: what a killed AppHost
/// leaves is removed by the next one on the same data.
/// </summary>
internal sealed class ContainerWatchdog : IDisposable
{
    private const string Script = "cat >/dev/null; exec \"$@\" >/dev/null 2>&1";

    private readonly Process? process;

    private ContainerWatchdog(Process? process) => this.process = process;

    /// <summary>In a session of its own, so that a terminal's Ctrl-C doesn't end it before the container.</summary>
    public static async Task<ContainerWatchdog> StartAsync(string executable, IEnumerable<string> removal)
    {
        if (OperatingSystem.IsWindows() || Executables.Find("sh") is not { } shell)
        {
            return new ContainerWatchdog(null);
        }
        string[] command = [shell, "-c", Script, "sh", executable, .. removal];
        var session = Executables.Find("setsid");
        var start = new ProcessStartInfo(session ?? shell, session is null ? command[1..] : command) { UseShellExecute = false, RedirectStandardInput = true, WorkingDirectory = "/" };
        return new ContainerWatchdog(await SpawnThread.StartAsync(start));
    }

    /// <summary>Removes the container now, without being waited for.</summary>
    public void Fire() => process?.StandardInput.Close();

    /// <summary>There is nothing to remove any more.</summary>
    public void Dispose()
    {
        if (process is { HasExited: false })
        {
            Signals.Kill(process.Id);
            process.WaitForExit(TimeSpan.FromSeconds(1));
        }
        process?.Dispose();
    }
}
