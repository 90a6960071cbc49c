using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>P1: a stream has two producers, for a copy of the store publishes, too.</summary>
internal sealed class SecondProducer : Mutation
{
    public override string Rule => "P1";

    public override bool TwoProducers => true;
}

/// <summary>P2: the publisher's reference names the service only, so that a new store goes on under the old one's name.</summary>
internal sealed class NoIncarnation : Mutation
{
    public override string Rule => "P2";

    public override IServiceStore Main(SimulatedStore main, World world) => new StoreWith(main) { OtherOutbox = new Anonymous(main.Outbox) };

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
    public override string Rule => "P3 (look)";

    public override IEventLog Log(IEventLog log, IServiceStore main) => new Blind(log, main);

    private sealed class Blind(IEventLog inner, IServiceStore main) : LogWrapper(inner)
    {
        public override async Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, CancellationToken cancellationToken)
        {
            var head = (await main.Outbox.ReadHeadsAsync(cancellationToken)).FirstOrDefault(candidate => candidate.Partition == partition);
            return head is not { Confirmed: > 0, ConfirmedId: { } id } ? null : new LogRecord(partition, long.MaxValue, default, new EventEnvelope
            {
                Id = id, Type = "", Source = "", Key = id, Time = default, CommittedAt = default, Producer = producer, Sequence = head.Confirmed, Data = default,
            });
        }
    }
}

/// <summary>P3: a store that adopts a log doesn't remember what the log has beyond it, and emits that again.</summary>
internal sealed class ForgetsBeyond : Mutation
{
    public override string Rule => "P3 (adopt)";

    public override IServiceStore Main(SimulatedStore main, World world) => new StoreWith(main) { OtherOutbox = new Forgetful(main.Outbox) };

    private sealed class Forgetful(IOutbox inner) : OutboxWrapper(inner)
    {
        public override Task AdoptAsync(OutboxAdoption adoption, CancellationToken cancellationToken) => base.AdoptAsync(adoption with { Beyond = [] }, cancellationToken);
    }
}

/// <summary>P4: the newest row of a batch is sent first.</summary>
internal sealed class NewestFirst : Mutation
{
    public override string Rule => "P4";

    public override IEventLog Log(IEventLog log, IServiceStore main) => new Hasty(log);

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

    public override IServiceStore Main(SimulatedStore main, World world) => new StoreWith(main) { OtherOutbox = new Tidy(main.Outbox) };

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
