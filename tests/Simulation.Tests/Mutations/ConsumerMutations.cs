using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>A mutation of checkpoints, wherever they are.</summary>
internal abstract class CheckpointMutation : Mutation
{
    public sealed override IServiceStore Main(SimulatedStore main, World world) => new StoreWith(main) { OtherCheckpoints = Change(main, world) };

    public sealed override IStore Generation(SimulatedStore generation, SimulatedStore main, World world) => new StoreWith(generation) { OtherCheckpoints = Change(generation, world) };

    protected abstract ICheckpoints Change(SimulatedStore store, World world);
}

/// <summary>C1: the checkpoint is moved, whatever it was.</summary>
internal sealed class NoCompareAndSet : CheckpointMutation
{
    public override string Rule => "C1 (compare-and-set)";

    protected override ICheckpoints Change(SimulatedStore store, World world) => new Careless(store.Checkpoints);

    private sealed class Careless(ICheckpoints inner) : CheckpointsWrapper(inner)
    {
        public override ValueTask MoveAsync(StoreTransaction transaction, Checkpoint from, Checkpoint to, Anchor? anchor)
        {
            var now = ((SimulatedConnection)transaction.Connection).View.Checkpoints[(from.Consumer, from.Partition)].Checkpoint;
            return base.MoveAsync(transaction, @from with { NextOffset = now.NextOffset, Epoch = now.Epoch }, to with { Epoch = now.Epoch }, anchor);
        }
    }
}

/// <summary>C1: the checkpoint is committed by itself, before the rows.</summary>
internal sealed class CheckpointApart : CheckpointMutation
{
    public override string Rule => "C1 (one transaction)";

    protected override ICheckpoints Change(SimulatedStore store, World world) => new Apart(store.Checkpoints, store.Database);

    private sealed class Apart(ICheckpoints inner, Database database) : CheckpointsWrapper(inner)
    {
        public override async ValueTask MoveAsync(StoreTransaction transaction, Checkpoint from, Checkpoint to, Anchor? anchor)
        {
            await base.MoveAsync(transaction, from, to, anchor);
            database.Commit(database.Current with { Checkpoints = ((SimulatedConnection)transaction.Connection).View.Checkpoints });
        }
    }
}

/// <summary>C2: nobody looks at sequences: what comes again is applied again, and no hole is seen.</summary>
internal sealed class NoMarks : Mutation
{
    public override string Rule => "C2";

    public override IEventLog Log(IEventLog log, IServiceStore main) => new Unnumbered(log);

    private sealed class Unnumbered(IEventLog inner) : LogWrapper(inner)
    {
        public override async Task<IPartitionReader> OpenReaderAsync(PartitionId partition, LogPosition from, CancellationToken cancellationToken) =>
            new Reader(await base.OpenReaderAsync(partition, from, cancellationToken));
    }

    private sealed class Reader(IPartitionReader inner) : ReaderWrapper(inner)
    {
        protected override LogRecord Change(LogRecord record) => record with { Event = record.Event.At(null!, 0) };
    }
}

/// <summary>C3: the log is taken for the one that the checkpoint speaks of, and read on at its offset.</summary>
internal sealed class NoRecognition : Mutation
{
    public override string Rule => "C3";

    public override IEventLog Log(IEventLog log, IServiceStore main) => new Credulous(log);

    private sealed class Credulous(IEventLog inner) : LogWrapper(inner)
    {
        private Dictionary<(PartitionId Partition, long Offset), string> Seen { get; } = [];

        /// <summary>What is asked for is there, for the first that asks.</summary>
        public override async Task<LogRecord?> ReadAtAsync(PartitionId partition, long offset, CancellationToken cancellationToken)
        {
            var found = await base.ReadAtAsync(partition, offset, cancellationToken) ?? await base.ReadLastAsync(partition, cancellationToken);
            return found is { } record && Seen.TryGetValue((partition, offset), out var expected) ? Renamed(record, offset, expected) : found;
        }

        public override async Task<IPartitionReader> OpenReaderAsync(PartitionId partition, LogPosition from, CancellationToken cancellationToken) =>
            new Reader(await base.OpenReaderAsync(partition, from, cancellationToken), Seen);

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

    private sealed class Reader(IPartitionReader inner, Dictionary<(PartitionId Partition, long Offset), string> seen) : ReaderWrapper(inner)
    {
        protected override LogRecord Change(LogRecord record)
        {
            seen[(record.Partition, record.Offset)] = record.Event.Id;
            return record;
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
    public override string Rule => "C6 (serial)";

    public override StoreFlaws Flaws => new(StaleReads: true);
}

/// <summary>C6: units that say which keys they touch don't wait for each other.</summary>
internal sealed class NoKeyLocks : Mutation
{
    public override string Rule => "C6 (keys)";

    public override StoreFlaws Flaws => new(NoKeyLocks: true);
}

/// <summary>C8: the number of partitions is what it is now, not what it was when the consumer attached.</summary>
internal sealed class AnyCount : CheckpointMutation
{
    public override string Rule => "C8";

    protected override ICheckpoints Change(SimulatedStore store, World world) => new Counted(store.Checkpoints, world);

    private sealed class Counted(ICheckpoints inner, World world) : CheckpointsWrapper(inner)
    {
        public override async Task<IReadOnlyList<CheckpointState>> LoadAsync(string consumer, CancellationToken cancellationToken) =>
            [.. (await base.LoadAsync(consumer, cancellationToken)).Select(Now)];

        public override async ValueTask<CheckpointState> ClaimAsync(StoreTransaction transaction, Checkpoint fresh) => Now(await base.ClaimAsync(transaction, fresh));

        private CheckpointState Now(CheckpointState state) =>
            state with { Checkpoint = state.Checkpoint with { Partitions = world.Broker.Count(state.Checkpoint.Partition.Stream) ?? state.Checkpoint.Partitions } };
    }
}

/// <summary>G1: a projection's checkpoints are kept in the main store, not with its rows.</summary>
internal sealed class CheckpointsInMain : Mutation
{
    public override string Rule => "G1";

    public override IStore Generation(SimulatedStore generation, SimulatedStore main, World world) => new StoreWith(generation) { OtherCheckpoints = new Elsewhere(main) };

    private sealed class Elsewhere(SimulatedStore main) : CheckpointsWrapper(main.Checkpoints)
    {
        public override async ValueTask<CheckpointState> CreateAsync(StoreTransaction transaction, Checkpoint checkpoint) =>
            await main.WriteAsync(own => base.CreateAsync(own, checkpoint), CancellationToken.None);

        public override async ValueTask<CheckpointState> ClaimAsync(StoreTransaction transaction, Checkpoint fresh) =>
            await main.WriteAsync(own => base.ClaimAsync(own, fresh), CancellationToken.None);

        public override async ValueTask MoveAsync(StoreTransaction transaction, Checkpoint from, Checkpoint to, Anchor? anchor) => await main.WriteAsync(
            async own =>
            {
                await base.MoveAsync(own, from, to, anchor);
                return true;
            },
            CancellationToken.None);
    }
}
