using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>C1: the checkpoint is moved, whatever it was.</summary>
internal sealed class NoCompareAndSet : Mutation
{
    public override string Rule => "C1 (compare-and-set)";

    public override IServiceStore Main(IServiceStore store) => new WithCheckpoints(store, new Careless(store.Checkpoints));

    public override IStore Generation(SimulatedStore generation, IServiceStore main) => new WithCheckpoints(generation, new Careless(generation.Checkpoints));

    private sealed class Careless(ICheckpoints inner) : CheckpointsWrapper(inner)
    {
        public override ValueTask MoveAsync(StoreTransaction transaction, Checkpoint from, Checkpoint to, Anchor? anchor)
        {
            var now = ((SimulatedConnection)transaction.Connection).Working.Checkpoints[(from.Consumer, from.Partition)].Checkpoint;
            return base.MoveAsync(transaction, @from with { NextOffset = now.NextOffset, Epoch = now.Epoch }, to with { Epoch = now.Epoch }, anchor);
        }
    }
}

/// <summary>C1: the checkpoint is committed by itself, before the rows.</summary>
internal sealed class CheckpointApart : Mutation
{
    public override string Rule => "C1 (one transaction)";

    public override IServiceStore Main(IServiceStore store) => new WithCheckpoints(store, new Apart(store.Checkpoints, Unwrap(store).Database));

    public override IStore Generation(SimulatedStore generation, IServiceStore main) => new WithCheckpoints(generation, new Apart(generation.Checkpoints, generation.Database));

    private static SimulatedStore Unwrap(IServiceStore store) => store is ReactionWatch watch ? watch.Store : (SimulatedStore)store;

    private sealed class Apart(ICheckpoints inner, Database database) : CheckpointsWrapper(inner)
    {
        public override async ValueTask MoveAsync(StoreTransaction transaction, Checkpoint from, Checkpoint to, Anchor? anchor)
        {
            await base.MoveAsync(transaction, from, to, anchor);
            database.Commit(database.Current with { Checkpoints = ((SimulatedConnection)transaction.Connection).Working.Checkpoints });
        }
    }
}

/// <summary>C2: records come without producer and sequence, so that only offsets tell what was applied.</summary>
internal sealed class NoMarks : Mutation
{
    public override string Rule => "C2";

    public override IEventLog Log(IEventLog log, IStore store) => new Plain(log);

    private sealed class Plain(IEventLog inner) : LogWrapper(inner)
    {
        public override async Task<IPartitionReader> OpenReaderAsync(PartitionId partition, LogPosition from, CancellationToken cancellationToken) =>
            new Reader(await base.OpenReaderAsync(partition, from, cancellationToken));
    }

    private sealed class Reader(IPartitionReader inner) : ReaderWrapper(inner)
    {
        protected override LogRecord Change(LogRecord record)
        {
            var @event = record.Event;
            return record with
            {
                Event = new EventEnvelope
                {
                    Id = @event.Id, Type = @event.Type, Source = @event.Source, Key = @event.Key, Time = @event.Time, CommittedAt = @event.CommittedAt,
                    CorrelationId = @event.CorrelationId, CausationId = @event.CausationId, Data = @event.Data,
                },
            };
        }
    }
}

/// <summary>C3: the log is taken for the one that the checkpoint speaks of, and read on at its offset.</summary>
internal sealed class NoRecognition : Mutation
{
    public override string Rule => "C3";

    public override IEventLog Log(IEventLog log, IStore store) => new Credulous(log);

    public override IStore Generation(SimulatedStore generation, IServiceStore main) => generation;

    private sealed class Credulous(IEventLog inner) : LogWrapper(inner)
    {
        /// <summary>No anchor but the newest is tried, and it always matches: what is asked for is there.</summary>
        public override async Task<LogRecord?> ReadLastAsync(PartitionId partition, CancellationToken cancellationToken) =>
            await base.ReadLastAsync(partition, cancellationToken) is { } last ? last with { Offset = long.MaxValue } : null;

        public override async Task<LogRecord?> ReadAtAsync(PartitionId partition, long offset, CancellationToken cancellationToken)
        {
            var expected = LastIds.GetValueOrDefault((partition, offset));
            var found = await base.ReadAtAsync(partition, offset, cancellationToken) ?? await base.ReadLastAsync(partition, cancellationToken);
            return found is { } record && expected is not null ? Renamed(record, offset, expected) : found;
        }

        public override async Task<IPartitionReader> OpenReaderAsync(PartitionId partition, LogPosition from, CancellationToken cancellationToken) =>
            new Reader(await base.OpenReaderAsync(partition, from, cancellationToken), LastIds);

        private Dictionary<(PartitionId, long), string> LastIds { get; } = [];

        private static LogRecord Renamed(LogRecord record, long offset, string id) => record with
        {
            Offset = offset,
            Event = new EventEnvelope
            {
                Id = id, Type = record.Event.Type, Source = record.Event.Source, Key = record.Event.Key, Time = record.Event.Time, CommittedAt = record.Event.CommittedAt,
                Producer = record.Event.Producer, Sequence = record.Event.Sequence, Data = record.Event.Data,
            },
        };
    }

    private sealed class Reader(IPartitionReader inner, Dictionary<(PartitionId, long), string> seen) : ReaderWrapper(inner)
    {
        protected override LogRecord Change(LogRecord record)
        {
            seen[(record.Partition, record.Offset)] = record.Event.Id;
            return record;
        }
    }
}

/// <summary>C4: whoever has the offset right may move the checkpoint, whatever epoch he took it over in.</summary>
internal sealed class NoEpoch : Mutation
{
    public override string Rule => "C4";

    public override IServiceStore Main(IServiceStore store) => new WithCheckpoints(store, new Unfenced(store.Checkpoints));

    public override IStore Generation(SimulatedStore generation, IServiceStore main) => new WithCheckpoints(generation, new Unfenced(generation.Checkpoints));

    private sealed class Unfenced(ICheckpoints inner) : CheckpointsWrapper(inner)
    {
        public override ValueTask MoveAsync(StoreTransaction transaction, Checkpoint from, Checkpoint to, Anchor? anchor)
        {
            var now = ((SimulatedConnection)transaction.Connection).Working.Checkpoints[(from.Consumer, from.Partition)].Checkpoint;
            return base.MoveAsync(transaction, @from with { Epoch = now.Epoch }, to with { Epoch = now.Epoch }, anchor);
        }
    }
}

/// <summary>C5: a projection depends on the order across partitions.</summary>
internal sealed class OrderAcrossPartitions : Mutation
{
    public override string Rule => "C5";

    public override bool ByArrival => true;
}

/// <summary>C6: units read rows before it is their turn.</summary>
internal sealed class StaleReads : Mutation
{
    public override string Rule => "C6";

    public override StoreFlaws Flaws => new(StaleReads: true);
}

/// <summary>G1: a projection's checkpoints are kept in the main store, not with its rows.</summary>
internal sealed class CheckpointsInMain : Mutation
{
    public override string Rule => "G1";

    public override IStore Generation(SimulatedStore generation, IServiceStore main) => new WithCheckpoints(generation, new Elsewhere(main));

    private sealed class Elsewhere(IServiceStore main) : CheckpointsWrapper(main.Checkpoints)
    {
        public override async ValueTask CreateAsync(StoreTransaction transaction, Checkpoint checkpoint) => await main.WriteAsync(
            async own =>
            {
                await base.CreateAsync(own, checkpoint);
                return true;
            },
            CancellationToken.None);

        public override async ValueTask MoveAsync(StoreTransaction transaction, Checkpoint from, Checkpoint to, Anchor? anchor) => await main.WriteAsync(
            async own =>
            {
                await base.MoveAsync(own, from, to, anchor);
                return true;
            },
            CancellationToken.None);
    }
}

/// <summary>A store with other checkpoints.</summary>
internal sealed class WithCheckpoints(IStore inner, ICheckpoints checkpoints) : StoreWrapper(inner)
{
    public override ICheckpoints Checkpoints => checkpoints;
}
