using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>Looks at what is decided because of what, committed or not: the same cause must give the same ids whenever it is decided again (rule P7).</summary>
internal sealed class ReactionWatch(SimulatedStore store, Mutation mutation, World world) : StoreWrapper(store)
{
    public SimulatedStore Store => store;

    public override Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) => base.WriteAsync(
        async transaction =>
        {
            var result = await work(transaction);
            mutation.Emitted(transaction.Events);
            foreach (var (_, @event) in transaction.Events)
            {
                if (@event.CausationId is { } cause && !world.Reactions.TryAdd((cause, @event.Type), @event.Id) && world.Reactions[(cause, @event.Type)] != @event.Id)
                {
                    world.Violations.Add($"{@event.Type} because of one event was decided twice, under two ids");
                }
            }

            return result;
        },
        cancellationToken);
}
