using FlowPlatform.Commands;
using FlowPlatform.Hosting;
using FlowPlatform.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FlowPlatform.Testing.Running;

/// <summary>A command that waits for its handler.</summary>
/// <param name="Command">The command.</param>
/// <param name="Attempt">1 for the first try.</param>
/// <param name="Faults">Tries that failed for another reason than that it should come again.</param>
/// <param name="LastTrouble">What the last try said; null before one failed.</param>
internal sealed record QueuedCommand(PendingCommand Command, int Attempt, int Faults, Exception? LastTrouble);

/// <summary>The command queues of the test, in memory. They outlive the service's process, as a broker's do. Safe for concurrent use.</summary>
internal sealed class CommandQueue
{
    private readonly Lock gate = new();
    private readonly Queue<QueuedCommand> waiting = new();
    private readonly HashSet<QueuedCommand> running = [];
    private readonly List<QueuedCommand> failed = [];
    private readonly Pulse added = new();

    /// <summary>Signals when a command was added.</summary>
    public Pulse Added => added;

    /// <summary>Commands whose handlers failed for good: the error queue.</summary>
    public IReadOnlyList<QueuedCommand> Failed
    {
        get
        {
            lock (gate)
            {
                return [.. failed];
            }
        }
    }

    /// <summary>Commands that wait or are being handled.</summary>
    public IReadOnlyList<QueuedCommand> Open
    {
        get
        {
            lock (gate)
            {
                return [.. running, .. waiting];
            }
        }
    }

    public void Add(QueuedCommand command)
    {
        lock (gate)
        {
            waiting.Enqueue(command);
        }

        added.Signal();
    }

    public QueuedCommand? Take()
    {
        lock (gate)
        {
            if (!waiting.TryDequeue(out var next))
            {
                return null;
            }

            running.Add(next);
            return next;
        }
    }

    /// <summary>What was taken is handled (null), waits again, or has failed for good: it is never in two places, nor in none.</summary>
    public void Return(QueuedCommand taken, QueuedCommand? after, bool forGood = false)
    {
        lock (gate)
        {
            running.Remove(taken);
            if (after is not null && forGood)
            {
                failed.Add(after);
            }
            else if (after is not null)
            {
                waiting.Enqueue(after);
            }
        }

        added.Signal();
    }
}

/// <summary>Sends into the test's queues.</summary>
internal sealed class QueueBus(CommandQueue queue) : ICommandBus
{
    public Task SendAsync(IReadOnlyList<PendingCommand> commands, CancellationToken cancellationToken)
    {
        foreach (var command in commands)
        {
            queue.Add(new QueuedCommand(command, 1, 0, null));
        }

        return Task.CompletedTask;
    }
}

/// <summary>
/// Lets the service's handlers have the commands of the test's queues, up to 16 at a time. One that asks for another try gets it 10 ms later, whatever its back-off would be in production;
/// one that fails otherwise is tried five times.
/// </summary>
internal sealed class CommandWorker(CommandQueue queue, FlowDefinition definition, IServiceScopeFactory scopes, FlowTestOptions options) : BackgroundService
{
    private const int AtOnce = 16;
    private const int MaxFaults = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var running = new HashSet<Task>();
        try
        {
            while (true)
            {
                var seen = queue.Added.Version;
                while (running.Count < AtOnce && queue.Take() is { } next)
                {
                    running.Add(Task.Run(() => HandleAsync(next, stoppingToken), CancellationToken.None));
                }

                await Task.WhenAny([queue.Added.WaitAsync(seen, stoppingToken), .. running]);
                stoppingToken.ThrowIfCancellationRequested();
                running.RemoveWhere(task => task.IsCompleted);
            }
        }
        finally
        {
            await Task.WhenAll(running);
        }
    }

    private async Task HandleAsync(QueuedCommand taken, CancellationToken stopping)
    {
        try
        {
            for (var time = 0; time < (options.CommandsTwice ? 2 : 1); time++)
            {
                await using var scope = scopes.CreateAsyncScope();
                await HandlerOf(taken.Command).HandleAsync(scope.ServiceProvider, taken.Command, taken.Attempt, stopping);
            }

            queue.Return(taken, null);
        }
        catch (CommandRetryException later)
        {
            // A try that has come to its end counts, though the service stops meanwhile.
            await PauseAsync(stopping);
            queue.Return(taken, taken with { Attempt = taken.Attempt + 1, LastTrouble = later });
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            queue.Return(taken, taken);
        }
        catch (Exception fault)
        {
            await PauseAsync(stopping);
            var after = taken with { Attempt = taken.Attempt + 1, Faults = taken.Faults + 1, LastTrouble = fault };
            queue.Return(taken, after, after.Faults == MaxFaults);
        }
    }

    private CommandDefinition HandlerOf(PendingCommand command) =>
        definition.AllCommands.FirstOrDefault(known => known.Name == command.Name)
            ?? throw new FlowTestException($"Command '{command.Name}' has no handler in service '{definition.Service}': add .Command<…>() where the flow is declared.");

    private static async Task PauseAsync(CancellationToken stopping) =>
        await Task.Delay(Pause, TimeProvider.System, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
