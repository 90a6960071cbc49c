using FlowPlatform.Commands;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>P2: the publisher's reference names the service only, so that a new store goes on under the old one's name.</summary>
internal sealed class NoIncarnation : Mutation
{
    public override string Rule => "P2";

    public override IServiceStore Main(IServiceStore store) => new Store(store);

    private sealed class Store(IServiceStore inner) : StoreWrapper(inner)
    {
        public override IOutbox Outbox { get; } = new Anonymous(inner.Outbox);
    }

    private sealed class Anonymous(IOutbox inner) : OutboxWrapper(inner)
    {
        public override string Producer => $"{base.Producer.Split('/')[0]}/0";

        public override async Task<IReadOnlyList<EventEnvelope>> ReadAsync(PartitionId partition, long after, int maxEvents, long maxBytes, CancellationToken cancellationToken) =>
            [.. (await base.ReadAsync(partition, after, maxEvents, maxBytes, cancellationToken)).Select(row => row.At(Producer, row.Sequence))];
    }
}

/// <summary>P3: what the relay sees of the log is what its store remembers of it.</summary>
internal sealed class NoLook : Mutation
{
    public override string Rule => "P3";

    public override IEventLog Log(IEventLog log, IStore store) => store is IServiceStore main ? new Blind(log, main) : log;

    private sealed class Blind(IEventLog inner, IServiceStore main) : LogWrapper(inner)
    {
        public override async Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, CancellationToken cancellationToken)
        {
            var head = (await main.Outbox.ReadHeadsAsync(cancellationToken)).FirstOrDefault(candidate => candidate.Partition == partition);
            return head is not { Confirmed: > 0, ConfirmedId: { } id } ? null : new LogRecord(partition, 0, default, new EventEnvelope
            {
                Id = id, Type = "", Source = "", Key = id, Time = default, CommittedAt = default, Producer = producer, Sequence = head.Confirmed, Data = default,
            });
        }
    }
}

/// <summary>P4: the newest row of a batch is sent first.</summary>
internal sealed class NewestFirst : Mutation
{
    public override string Rule => "P4";

    public override IEventLog Log(IEventLog log, IStore store) => new Hasty(log);

    private sealed class Hasty(IEventLog inner) : LogWrapper(inner)
    {
        public override async Task<IPartitionWriter> OpenWriterAsync(PartitionId partition, string producer, CancellationToken cancellationToken) =>
            new Writer(await base.OpenWriterAsync(partition, producer, cancellationToken));
    }

    private sealed class Writer(IPartitionWriter inner) : WriterWrapper(inner)
    {
        private readonly IPartitionWriter inner = inner;

        public override async Task AppendAsync(IReadOnlyList<EventEnvelope> events, CancellationToken cancellationToken)
        {
            await inner.AppendAsync([events[^1]], cancellationToken);
            if (events.Count > 1)
            {
                await inner.AppendAsync([.. events.Take(events.Count - 1)], cancellationToken);
            }
        }
    }
}

/// <summary>P5: rows go as soon as they are confirmed.</summary>
internal sealed class TrimAtConfirm : Mutation
{
    public override string Rule => "P5";

    public override IServiceStore Main(IServiceStore store) => new Store(store);

    private sealed class Store(IServiceStore inner) : StoreWrapper(inner)
    {
        public override IOutbox Outbox { get; } = new Tidy(inner.Outbox);
    }

    private sealed class Tidy(IOutbox inner) : OutboxWrapper(inner)
    {
        public override async Task ConfirmAsync(IReadOnlyList<OutboxConfirm> confirms, CancellationToken cancellationToken)
        {
            await base.ConfirmAsync(confirms, cancellationToken);
            foreach (var confirm in confirms)
            {
                await TrimAsync(confirm.Partition, confirm.Sequence, int.MaxValue, cancellationToken);
            }
        }
    }
}

/// <summary>P6: sequences come from a counter, before the commit.</summary>
internal sealed class EarlySequences : Mutation
{
    public override string Rule => "P6";

    public override StoreFlaws Flaws => new(EarlySequences: true);
}

/// <summary>P7: what a reactor emits has a random id.</summary>
internal sealed class RandomIds : Mutation
{
    public override string Rule => "P7";

    public override void Emitted(List<PendingEvent> events)
    {
        for (var index = 0; index < events.Count; index++)
        {
            var (partition, @event) = events[index];
            if (@event.CausationId is not null)
            {
                events[index] = new PendingEvent(partition, new EventEnvelope
                {
                    Id = Guid.NewGuid().ToString(), Type = @event.Type, Source = @event.Source, Key = @event.Key, Time = @event.Time, CommittedAt = @event.CommittedAt,
                    CorrelationId = @event.CorrelationId, CausationId = @event.CausationId, Data = @event.Data,
                });
            }
        }
    }
}

/// <summary>M1: a command is handled, whatever the inbox says.</summary>
internal sealed class NoInbox : Mutation
{
    public override string Rule => "M1 (inbox)";

    public override IServiceStore Main(IServiceStore store) => new Store(store);

    private sealed class Store(IServiceStore inner) : StoreWrapper(inner)
    {
        public override Task<bool> IsHandledAsync(Guid commandId, CancellationToken cancellationToken) => Task.FromResult(false);

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
