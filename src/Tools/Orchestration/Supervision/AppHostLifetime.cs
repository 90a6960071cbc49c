using System.Runtime.InteropServices;
using FlowPlatform.Orchestration.Display;
using FlowPlatform.Orchestration.Processes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>
/// When the AppHost ends: at Ctrl-C, SIGTERM or a closed terminal it stops in order, at a second Ctrl-C it kills everything at once. It also stops
/// when <c>dotnet run</c>, its parent, is gone: killed by HUP or KILL, that leaves its child running with nobody to stop it.
/// Ten seconds after the stop began it is over in any case.
/// </summary>
internal sealed class AppHostLifetime(IHostApplicationLifetime application, IServiceProvider services, TimeProvider time) : IHostLifetime, IDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(9.8);
    private static readonly TimeSpan ParentInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>One signal may arrive twice: from the terminal's process group and forwarded by the parent.</summary>
    private static readonly TimeSpan SecondSignalAfter = TimeSpan.FromMilliseconds(300);

    private readonly List<PosixSignalRegistration> registrations = [];
    private readonly ManualResetEventSlim ended = new();
    private readonly Lock gate = new();
    private CancellationTokenRegistration stopping;
    private ITimer? parentWatch;
    private long? firstSignal;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT, PosixSignal.SIGHUP])
        {
            registrations.Add(PosixSignalRegistration.Create(signal, OnSignal));
        }
        stopping = application.ApplicationStopping.Register(EndInAnyCase);
        WatchParent();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        ended.Set();
        parentWatch?.Dispose();
        stopping.Dispose();
        registrations.ForEach(registration => registration.Dispose());
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        lock (gate)
        {
            if (firstSignal is not { } first)
            {
                firstSignal = time.GetTimestamp();
                services.GetRequiredService<ResourceView>().Note("Stopping … (Ctrl-C again kills at once)");
                application.StopApplication();
            }
            else if (context.Signal == PosixSignal.SIGINT && time.GetElapsedTime(first) > SecondSignalAfter)
            {
                services.GetRequiredService<Orchestrator>().Kill();
            }
        }
    }

    /// <summary>
    /// A thread of its own, so that neither a full thread pool nor a terminal that no longer takes our output can keep the process.
    /// Its children end with it.
    /// </summary>
    private void EndInAnyCase()
    {
        var watchdog = new Thread(() =>
        {
            if (!ended.Wait(StopLimit))
            {
                services.GetRequiredService<Orchestrator>().Kill();
                System.Diagnostics.Process.GetCurrentProcess().Kill();
            }
        })
        { IsBackground = true, Name = "stop limit" };
        watchdog.Start();
    }

    private void WatchParent()
    {
        var parent = ProcessIdentity.Of(Signals.ParentProcessId());
        if (parent is null || !IsDotnet(parent.ProcessId))
        {
            return;
        }
        parentWatch = time.CreateTimer(_ =>
        {
            if (!parent.IsAlive)
            {
                application.StopApplication();
            }
        }, null, ParentInterval, ParentInterval);
    }

    private static bool IsDotnet(int pid)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(pid);
            return process.ProcessName.Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false; // gone between the two looks
        }
    }
}
