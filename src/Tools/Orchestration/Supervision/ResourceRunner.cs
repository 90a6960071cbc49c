using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>
/// Supervises one resource: waits for what it depends on, starts it, watches its health, starts it again when it crashes, stops it.
/// An end with 0 or 1 was meant by the process itself; any other code is a crash (a signal, an unhandled exception).
/// </summary>
internal abstract partial class ResourceRunner(IResource resource, ResourceNotificationService notifications, SecretMask mask, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private volatile ISupervised? current;
    private TimeSpan grace;
    private Supervision? supervision;
    private int starts;
    private volatile bool wanted;
    private volatile bool restarts;

    public IResource Resource { get; } = resource;

    protected TimeProvider Time { get; } = time;

    protected SecretMask Mask { get; } = mask;

    /// <summary>What is reported becomes the reason of the starting state, where a user sees it.</summary>
    protected IProgress<string> StartProgress => new StateProgress(this);

    public IReadOnlyList<IResource> Dependencies { get; } = [.. resource.Annotations.OfType<WaitAnnotation>().Select(wait => wait.Resource)];

    /// <summary>Unless it is to be started by command.</summary>
    public void Start()
    {
        if (Resource.Annotations.OfType<ExplicitStartAnnotation>().Any())
        {
            _ = PublishAsync(KnownResourceStates.NotStarted, KnownResourceStateStyles.Info);
        }
        else
        {
            Begin();
        }
    }

    /// <summary>Ends the resource for good, within the grace and one more second.</summary>
    public async Task StopAsync(TimeSpan stopGrace)
    {
        grace = stopGrace;
        await stopping.CancelAsync();
        var ending = Current()?.Task;
        if (ending is not null && await Task.WhenAny(ending, Task.Delay(stopGrace + KillLimit, Time)) == ending)
        {
            await ending;
        }
        Kill();
    }

    public void Kill()
    {
        grace = TimeSpan.Zero;
        stopping.Cancel();
        current?.Kill();
    }

    /// <summary>After the stop.</summary>
    public void Dispose()
    {
        Current()?.Dispose();
        stopping.Dispose();
        commands.Dispose();
    }

    protected abstract Task<ISupervised> StartAsync(CancellationToken cancellationToken);

    /// <summary>Publishes the health while it runs, until cancelled.</summary>
    protected virtual Task WatchHealthAsync(CancellationToken cancellationToken) => PublishHealthAsync(HealthStatus.Healthy, null);

    /// <summary>Whether the process meant to end with this code.</summary>
    protected virtual bool IsDeliberate(int exitCode) => exitCode is 0 or 1;

    protected Task PublishHealthAsync(HealthStatus health, string? reason) => PublishAsync(
        snapshot => snapshot.State?.Text == KnownResourceStates.Running ? snapshot with { HealthStatus = health, Reason = reason }
            : snapshot.IsUp ? snapshot with { HealthStatus = health } : snapshot);

    /// <summary>What each check says; what is no news isn't published.</summary>
    protected Task PublishReportsAsync(IReadOnlyList<HealthReportSnapshot> reports) => PublishAsync(
        snapshot => snapshot.HealthReports.SequenceEqual(reports) ? snapshot : snapshot with { HealthReports = reports });

    /// <summary>What the process is told, for who looks at it.</summary>
    protected Task PublishEnvironmentAsync(IReadOnlyList<EnvironmentVariable> environment) => PublishAsync(snapshot => snapshot with { Environment = environment });

    protected Task PublishAsync(string state, string? style = null, string? reason = null, int? exitCode = null) => PublishAsync(snapshot =>
    {
        var runs = state == KnownResourceStates.Running;
        return snapshot with
        {
            State = new ResourceStateSnapshot(state, style),
            HealthStatus = null,
            ExitCode = exitCode,
            Reason = reason is null ? null : Mask.Apply(reason),
            HealthReports = runs || state == KnownResourceStates.Stopping ? snapshot.HealthReports : [],
            ProcessId = runs ? current?.ProcessId : state == KnownResourceStates.Stopping ? snapshot.ProcessId : null,
            Restarts = Math.Max(starts - 1, 0),
            StartedAt = runs ? Time.GetUtcNow() : snapshot.StartedAt,
            StoppedAt = runs ? null : (snapshot.IsUp || snapshot.State?.Text == KnownResourceStates.Stopping) && state != KnownResourceStates.Stopping ? Time.GetUtcNow() : snapshot.StoppedAt,
        };
    });

    private async Task PublishAsync(Func<CustomResourceSnapshot, CustomResourceSnapshot> change)
    {
        await notifications.PublishUpdateAsync(Resource, change);
        await notifications.PublishDeclaredAsync(Resource);
    }

    private async Task SuperviseAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await WaitForDependenciesAsync(cancellationToken))
            {
                await KeepRunningAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Whoever waits for it must not take the moment between two lives for its end.
            await PublishAsync(restarts ? KnownResourceStates.Starting : KnownResourceStates.Exited, KnownResourceStateStyles.Info, restarts ? null : "stopped");
        }
        catch (Exception e)
        {
            // The last resort of a task that nobody awaits until the stop: the fault becomes the resource's state.
            await PublishAsync(KnownResourceStates.FailedToStart, KnownResourceStateStyles.Error, $"its supervision failed: {e.Message}");
        }
    }

    private async Task<bool> WaitForDependenciesAsync(CancellationToken cancellationToken)
    {
        await PublishAsync(KnownResourceStates.Waiting, KnownResourceStateStyles.Info);
        foreach (var dependency in Dependencies)
        {
            var reached = await notifications.WaitForResourceAsync(
                dependency.Name, change => change.Snapshot.IsReady || change.Snapshot.IsTerminal, cancellationToken);
            if (!reached.Snapshot.IsReady)
            {
                // A consequence, not a fault of its own: told as such.
                await PublishAsync(KnownResourceStates.FailedToStart, KnownResourceStateStyles.Info,
                    $"it needs {dependency.Name}, which is {reached.Snapshot.State?.Text}");
                return false;
            }
        }
        return true;
    }

    private async Task KeepRunningAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff();
        while (true)
        {
            if (!backoff.IsLooping)
            {
                await PublishAsync(KnownResourceStates.Starting, backoff.Crashes == 0 ? KnownResourceStateStyles.Info : KnownResourceStateStyles.Warn);
            }
            var started = Time.GetTimestamp();
            var (exitCode, fault) = await RunOnceAsync(cancellationToken);
            if (fault is null && IsDeliberate(exitCode))
            {
                await PublishAsync(exitCode == 0 ? KnownResourceStates.Finished : KnownResourceStates.Exited,
                    exitCode == 0 ? KnownResourceStateStyles.Success : KnownResourceStateStyles.Error, $"exit code {exitCode}", exitCode);
                return;
            }
            if (fault is not null && backoff.Crashes == 0)
            {
                await PublishAsync(KnownResourceStates.FailedToStart, KnownResourceStateStyles.Error, fault);
                return;
            }
            var delay = backoff.Next(Time.GetElapsedTime(started));
            await PublishAsync(snapshot => snapshot with { LastEnd = $"{(fault is null ? $"crashed ({ExitCodes.Describe(exitCode)})" : Mask.Apply(fault))} at {Time.GetUtcNow():yyyy-MM-dd HH:mm:ss}Z" });
            await PublishAsync(backoff.IsLooping ? KnownResourceStates.CrashLoop : KnownResourceStates.Starting, KnownResourceStateStyles.Warn,
                $"{fault ?? $"crashed ({ExitCodes.Describe(exitCode)})"}; start {backoff.Crashes + 1} in {delay.TotalSeconds:0.#} s", exitCode);
            await Task.Delay(delay, Time, cancellationToken);
        }
    }

    /// <summary>One life: its exit code, or why it could not begin.</summary>
    private async Task<(int ExitCode, string? Fault)> RunOnceAsync(CancellationToken cancellationToken)
    {
        ISupervised instance;
        try
        {
            instance = await StartAsync(cancellationToken);
        }
        catch (StartFailedException e)
        {
            return (-1, e.Message);
        }
        current = instance;
        starts++;
        using var life = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var health = Task.CompletedTask;
        try
        {
            await PublishAsync(KnownResourceStates.Running, KnownResourceStateStyles.Success);
            health = WatchHealthAsync(life.Token);
            return (await instance.Exited.WaitAsync(cancellationToken), null);
        }
        finally
        {
            await life.CancelAsync();
            if (cancellationToken.IsCancellationRequested)
            {
                await PublishAsync(KnownResourceStates.Stopping, KnownResourceStateStyles.Info);
            }
            await instance.StopAsync(grace);
            current = null;
            await EndOfAsync(health);
        }
    }

    private static async Task EndOfAsync(Task cancelled)
    {
        try
        {
            await cancelled;
        }
        catch (OperationCanceledException)
        {
            // That is how it is asked to end.
        }
    }

    private sealed class StateProgress(ResourceRunner runner) : IProgress<string>
    {
        public void Report(string value) => _ = runner.PublishAsync(KnownResourceStates.Starting, KnownResourceStateStyles.Info, value);
    }
}
