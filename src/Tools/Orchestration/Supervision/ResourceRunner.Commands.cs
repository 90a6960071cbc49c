using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>What a user may ask of one resource. One command at a time; a second one waits for the first.</summary>
internal abstract partial class ResourceRunner
{
    /// <summary>How long a resource may take to end in good order when it is asked to by command; then it is killed.</summary>
    private static readonly TimeSpan CommandGrace = TimeSpan.FromSeconds(8);

    private readonly SemaphoreSlim commands = new(1, 1);

    /// <summary>False where nothing of ours runs: somebody else's broker, a database on a server.</summary>
    public virtual bool TakesCommands => true;

    /// <summary>Starts what doesn't run; what waits for its next start after a crash starts now.</summary>
    /// <exception cref="ResourceCommandException">It runs already, or the application stops.</exception>
    public Task StartByCommandAsync(CancellationToken cancellationToken) => OneAtATimeAsync(async () =>
    {
        if (IsSupervised && !IsBetweenStarts)
        {
            throw new ResourceCommandException(CommandFault.NotNow, $"{Resource.Name} is {State ?? "about to start"}: there is nothing to start.");
        }
        await EndAsync();
        await BeginAsync();
    }, cancellationToken);

    /// <summary>Ends it in good order, by force after 8 s; it stays ended until it is started.</summary>
    /// <exception cref="ResourceCommandException">It doesn't run.</exception>
    public Task StopByCommandAsync(CancellationToken cancellationToken) => OneAtATimeAsync(
        () => IsSupervised ? EndAsync() : throw new ResourceCommandException(CommandFault.NotNow, $"{Resource.Name} is {State}: there is nothing to stop."), cancellationToken);

    /// <summary>Ends it, if it runs.</summary>
    public Task EndByCommandAsync(CancellationToken cancellationToken) => OneAtATimeAsync(EndAsync, cancellationToken);

    /// <summary>Ends it, if it runs, and starts it.</summary>
    /// <exception cref="ResourceCommandException">The application stops.</exception>
    public Task RestartByCommandAsync(CancellationToken cancellationToken) => OneAtATimeAsync(async () =>
    {
        await EndAsync();
        await BeginAsync();
    }, cancellationToken);

    /// <summary>False once it has ended, of itself or by command, until it is started again.</summary>
    private bool IsSupervised => Current() is { Task.IsCompleted: false };

    private bool IsBetweenStarts => State == KnownResourceStates.CrashLoop || (State == KnownResourceStates.Starting && current is null && starts > 0);

    private string? State => notifications.Find(Resource)?.Snapshot.State?.Text;

    private async Task OneAtATimeAsync(Func<Task> act, CancellationToken cancellationToken)
    {
        if (!TakesCommands)
        {
            throw new ResourceCommandException(CommandFault.NotPossible, $"{Resource.Name} is not run by this AppHost: it can't be started or stopped from here.");
        }
        await commands.WaitAsync(cancellationToken);
        try
        {
            await act();
        }
        finally
        {
            commands.Release();
        }
    }

    private async Task EndAsync()
    {
        if (Current() is { } supervised)
        {
            if (!stopping.IsCancellationRequested)
            {
                grace = CommandGrace;
            }
            await supervised.EndAsync();
        }
    }

    private Supervision? Current()
    {
        lock (gate)
        {
            return supervision;
        }
    }

    /// <summary>Whoever gave the command and looks at the state sees no earlier end in it.</summary>
    private async Task BeginAsync()
    {
        await PublishAsync(KnownResourceStates.Waiting, KnownResourceStateStyles.Info);
        Begin();
    }

    private void Begin()
    {
        lock (gate)
        {
            if (stopping.IsCancellationRequested)
            {
                throw new ResourceCommandException(CommandFault.Stopping, "The application stops.");
            }
            supervision?.Dispose();
            supervision = new Supervision(SuperviseAsync, stopping.Token);
        }
    }

    /// <summary>From one start that was asked for to the end.</summary>
    private sealed class Supervision : IDisposable
    {
        private readonly CancellationTokenSource ending;

        public Supervision(Func<CancellationToken, Task> superviseAsync, CancellationToken stopping)
        {
            ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            var token = ending.Token;
            Task = System.Threading.Tasks.Task.Run(() => superviseAsync(token), CancellationToken.None);
        }

        /// <summary>Never fails.</summary>
        public Task Task { get; }

        public async Task EndAsync()
        {
            await ending.CancelAsync();
            await Task;
        }

        /// <summary>After its end.</summary>
        public void Dispose() => ending.Dispose();
    }
}
