using System.Collections.Concurrent;
using System.Diagnostics;

namespace FlowPlatform.Orchestration.Processes;

/// <summary>
/// The one thread that starts child processes. The kernel sends a child its parent-death signal when the <em>thread</em>
/// that forked it ends, and a pool thread may end at any time: this one lives exactly as long as the host.
/// </summary>
internal static class SpawnThread
{
    private static readonly BlockingCollection<Action> Work = Start();

    public static Task<Process> StartAsync(ProcessStartInfo startInfo)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Work.Add(() =>
        {
            try
            {
                var process = Process.Start(startInfo) ?? throw new InvalidOperationException($"No process was started for {startInfo.FileName}.");
                started.SetResult(process);
            }
            catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception or IOException)
            {
                started.SetException(e);
            }
        });
        return started.Task;
    }

    private static BlockingCollection<Action> Start()
    {
        var work = new BlockingCollection<Action>();
        var thread = new Thread(() =>
        {
            foreach (var action in work.GetConsumingEnumerable())
            {
                action();
            }
        })
        { IsBackground = true, Name = "spawn" };
        thread.Start();
        return work;
    }
}
