using FlowPlatform.Commands;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>M1: a command is handled, whatever the inbox says.</summary>
internal sealed class NoInbox : Mutation
{
    public override string Rule => "M1 (inbox)";

    public override IServiceStore Main(SimulatedStore main, World world) => new Store(main);

    private sealed class Store(SimulatedStore inner) : StoreWrapper(inner)
    {
        public override Task<bool> IsHandledAsync(Guid commandId, CancellationToken cancellationToken) => Task.FromResult(false);

        public override async ValueTask<bool> TryMarkHandledAsync(StoreTransaction transaction, Guid commandId, string handler)
        {
            await base.TryMarkHandledAsync(transaction, commandId, handler);
            return true;
        }
    }
}

/// <summary>M1: the inbox is looked at before the call, and not again in the transaction that ends the command.</summary>
internal sealed class InboxOnce : Mutation
{
    public override string Rule => "M1 (inbox in the transaction)";

    public override IServiceStore Main(SimulatedStore main, World world) => new Store(main);

    private sealed class Store(SimulatedStore inner) : StoreWrapper(inner)
    {
        public override async ValueTask<bool> TryMarkHandledAsync(StoreTransaction transaction, Guid commandId, string handler)
        {
            await base.TryMarkHandledAsync(transaction, commandId, handler);
            return true;
        }
    }
}

/// <summary>M1: a command's row goes before its queue has it.</summary>
internal sealed class HastyCommands : Mutation
{
    public override string Rule => "M1 (confirm)";

    public override ICommandBus Bus(SimulatedBus bus, Machine machine) => new Hasty(bus, machine);

    private sealed class Hasty(SimulatedBus inner, Machine machine) : ICommandBus
    {
        public bool KeepsCommands => inner.KeepsCommands;

        public async Task SendAsync(IReadOnlyList<PendingCommand> commands, CancellationToken cancellationToken)
        {
            await machine.PauseAsync();
            _ = LaterAsync(commands, cancellationToken);
        }

        private async Task LaterAsync(IReadOnlyList<PendingCommand> commands, CancellationToken cancellationToken)
        {
            await machine.PauseAsync();
            await inner.SendAsync(commands, cancellationToken);
        }
    }
}

/// <summary>M1: where queues are in memory, a command's row goes when its queue has it, not when it is handled.</summary>
internal sealed class TrustsMemory : Mutation
{
    public override string Rule => "M1 (in memory)";

    public override ICommandBus Bus(SimulatedBus bus, Machine machine) => new Trusting(bus);

    private sealed class Trusting(SimulatedBus inner) : ICommandBus
    {
        public bool KeepsCommands => true;

        public Task SendAsync(IReadOnlyList<PendingCommand> commands, CancellationToken cancellationToken) => inner.SendAsync(commands, cancellationToken);
    }
}

/// <summary>M1: the outside is given another key for every attempt.</summary>
internal sealed class FreshKeys : Mutation
{
    public override string Rule => "M1 (idempotency key)";

    public override string KeyOf(CommandContext context) => $"{context.CommandId}/{Guid.NewGuid()}";
}
