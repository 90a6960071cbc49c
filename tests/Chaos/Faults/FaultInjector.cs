using System.Diagnostics;
using System.Globalization;
using FlowPlatform.Chaos.Plan;
using FlowPlatform.Chaos.Running;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Chaos.Faults;

/// <summary>A fault that was made: it ends by itself.</summary>
/// <param name="Victim">The process that must be followed by another one; null if none was killed.</param>
/// <param name="Over">Completes when the fault is over.</param>
internal sealed record MadeFault(ProcessIdentity? Victim, Task Over);

/// <summary>Makes faults on a running system, and undoes them at their end, or when it is cancelled.</summary>
internal sealed class FaultInjector(HostedSystem system, Detours detours, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Returns when the fault has begun; null if its target was not there to be hit.</summary>
    public async Task<MadeFault?> MakeAsync(Fault fault, CancellationToken cancellationToken)
    {
        switch (fault.Kind)
        {
            case FaultKind.KillService or FaultKind.KillNode or FaultKind.KillPostgres:
                return await SignalAsync(fault, "KILL", cancellationToken) is { } killed ? new MadeFault(killed, Task.CompletedTask) : null;
            case FaultKind.RestartPostgres:
                return await SignalAsync(fault, "INT", cancellationToken) is { } asked ? new MadeFault(asked, Task.CompletedTask) : null;
            case FaultKind.PauseService or FaultKind.PauseNode:
                return await SignalAsync(fault, "STOP", cancellationToken) is { } stopped
                    ? new MadeFault(null, LastAsync(fault, () => KillAsync("CONT", stopped), cancellationToken))
                    : null;
            case FaultKind.LockStore:
                var held = await StoreLock.TakeAsync(system.Inside(Path.Combine(system.Data, fault.Target, "main.db")), cancellationToken);
                return held is null ? null : new MadeFault(null, LastAsync(fault, async () => await held.DisposeAsync(), cancellationToken));
            case FaultKind.FillDisk:
                var ballast = new Ballast(system.Inside(Path.Combine(system.Data, fault.Target)));
                var filling = ballast.FillAsync(time, cancellationToken);
                await ballast.Full.WaitAsync(cancellationToken);
                return new MadeFault(null, LastAsync(fault, async () =>
                {
                    await ballast.DisposeAsync();
                    await filling;
                }, cancellationToken));
            default:
                return new MadeFault(null, MakeOnLinks(fault, cancellationToken));
        }
    }

    private Task MakeOnLinks(Fault fault, CancellationToken cancellationToken)
    {
        var links = system.Topology.LinksOf(fault.Target).Select(link => detours[link]).ToList();
        foreach (var link in links)
        {
            switch (fault.Kind)
            {
                case FaultKind.CutLinks:
                    link.Close();
                    link.Cut();
                    break;
                case FaultKind.DelayLinks:
                    link.State.Slow(fault.Delay);
                    break;
                default:
                    link.State.Silence();
                    break;
            }
        }

        return LastAsync(fault, () =>
        {
            foreach (var link in links)
            {
                switch (fault.Kind)
                {
                    case FaultKind.CutLinks:
                        link.Reopen();
                        break;
                    case FaultKind.DelayLinks:
                        link.State.Quicken(fault.Delay);
                        break;
                    default:
                        link.State.EndSilence();
                        break;
                }
            }

            return Task.CompletedTask;
        }, cancellationToken);
    }

    /// <summary>Undone in any case: a process that was stopped would never end.</summary>
    private async Task LastAsync(Fault fault, Func<Task> undo, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(fault.Length, time, cancellationToken);
        }
        finally
        {
            await undo();
        }
    }

    /// <summary>Who is being started again is waited for, for a while.</summary>
    private async Task<ProcessIdentity?> SignalAsync(Fault fault, string signal, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < Patience)
        {
            if (system.Find(fault.Target) is { } found)
            {
                await KillAsync(signal, found);
                return found;
            }

            await Task.Delay(Interval, time, cancellationToken);
        }

        return null;
    }

    private static async Task KillAsync(string signal, ProcessIdentity identity)
    {
        if (identity.IsAlive)
        {
            using var kill = Process.Start("kill", [$"-{signal}", identity.ProcessId.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
        }
    }
}
