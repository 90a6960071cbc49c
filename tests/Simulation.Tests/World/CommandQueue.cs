using FlowPlatform.Commands;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>A durable queue: at least once, in any order.</summary>
internal sealed class CommandQueue(Machine machine)
{
    private readonly List<PendingCommand> waiting = [];
    private TaskCompletionSource? idle;
    private Lane? consumer;

    public bool Faulty { get; set; } = true;

    public bool Away { get; set; }

    public int Count => waiting.Count;

    public void Add(PendingCommand command)
    {
        waiting.Add(command);
        Wake();
    }

    /// <summary>Delivers to a process for as long as it lives; what it doesn't finish comes again.</summary>
    public async Task DeliverAsync(Lane lane, Func<PendingCommand, int, CancellationToken, Task> handle, CancellationToken cancellationToken)
    {
        consumer = lane;
        for (var attempt = 1; ; attempt++)
        {
            await machine.PauseAsync();
            cancellationToken.ThrowIfCancellationRequested();
            if (waiting.Count == 0)
            {
                idle = new TaskCompletionSource();
                await idle.Task.WaitAsync(cancellationToken);
                continue;
            }

            var command = machine.Dice.Pick(waiting);
            try
            {
                await handle(command, attempt, cancellationToken);
            }
            catch (CommandRetryException)
            {
                continue;
            }

            if (!Faulty || !machine.Dice.OneIn(6))
            {
                waiting.Remove(command);
            }
        }
    }

    private void Wake()
    {
        if (idle is { } sleeper && consumer is { } lane)
        {
            idle = null;
            lane.Post(() => sleeper.TrySetResult());
        }
    }
}

/// <summary>The way of a process's commands to the queue.</summary>
internal sealed class SimulatedBus(Machine machine, CommandQueue queue) : ICommandBus
{
    public async Task SendAsync(IReadOnlyList<PendingCommand> commands, CancellationToken cancellationToken)
    {
        foreach (var command in commands)
        {
            await machine.PauseAsync();
            Refuse();
            queue.Add(command);
        }

        await machine.PauseAsync();
        Refuse();
    }

    private void Refuse()
    {
        if (queue.Away || (queue.Faulty && machine.Dice.OneIn(30)))
        {
            throw new EventLogUnavailableException("The simulated queue can't be reached.");
        }
    }
}
