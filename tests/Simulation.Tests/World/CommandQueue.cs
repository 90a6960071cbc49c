using FlowPlatform.Commands;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>A queue with competing consumers: at least once, in any order. One in memory goes with the process.</summary>
internal sealed class CommandQueue(Machine machine, bool keeps)
{
    /// <summary>Each with the process that has it; null: it waits.</summary>
    private readonly List<Message> messages = [];
    private readonly Dictionary<Lane, TaskCompletionSource> idle = [];

    public bool Faulty { get; set; } = true;

    public bool Away { get; set; }

    public bool Keeps => keeps;

    public int Count => messages.Count;

    public void Add(PendingCommand command)
    {
        messages.Add(new Message(command));
        Wake();
    }

    /// <summary>The process's connection has ended: what it had comes again. A queue in memory has no connection.</summary>
    public void Disconnect(Lane lane)
    {
        if (keeps)
        {
            messages.ForEach(message => message.With = message.With == lane ? null : message.With);

            // A process that lives on connects anew.
            Wake();
        }
    }

    /// <summary>The process is gone.</summary>
    public void End(Lane lane)
    {
        idle.Remove(lane);
        if (!keeps)
        {
            messages.Clear();
        }

        Disconnect(lane);
    }

    /// <summary>Delivers to a process for as long as it lives; what it doesn't finish comes again.</summary>
    public async Task DeliverAsync(Process process)
    {
        for (var attempt = 1; !process.IsStopping; attempt++)
        {
            await machine.PauseAsync();
            var waiting = messages.FindAll(message => message.With is null);
            if (waiting.Count == 0)
            {
                await (idle[process.Lane] = new TaskCompletionSource()).Task;
                continue;
            }

            var message = machine.Dice.Pick(waiting);
            message.With = process.Lane;
            if (await HandleAsync(process, message.Command, attempt) && message.With == process.Lane && (!Faulty || !machine.Dice.OneIn(6)))
            {
                messages.Remove(message);
            }

            // An acknowledgement may be lost, and one that comes from a connection that has ended counts for nothing.
            message.With = message.With == process.Lane ? null : message.With;
        }
    }

    /// <returns>False if it is to come again.</returns>
    private static async Task<bool> HandleAsync(Process process, PendingCommand command, int attempt)
    {
        try
        {
            await process.Service.Definition.Commands[0].HandleAsync(process.Services, command, attempt, CancellationToken.None);
            return true;
        }
        catch (Exception passing) when (passing is CommandRetryException or CommitOutcomeUnknownException)
        {
            return false;
        }
    }

    private void Wake()
    {
        foreach (var (lane, sleeper) in idle.ToList())
        {
            idle.Remove(lane);
            lane.Post(() => sleeper.TrySetResult());
        }
    }

    private sealed class Message(PendingCommand command)
    {
        public PendingCommand Command => command;

        public Lane? With { get; set; }
    }
}

/// <summary>The way of a process's commands to the queue.</summary>
internal sealed class SimulatedBus(Machine machine, CommandQueue queue) : ICommandBus
{
    public bool KeepsCommands => queue.Keeps;

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
