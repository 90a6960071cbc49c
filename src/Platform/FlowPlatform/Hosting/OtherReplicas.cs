using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Hosting;

/// <summary>What other replicas of the service do, as the database has it, so that the status of any replica tells all. Safe for concurrent use.</summary>
internal sealed class OtherReplicas(FlowRuntime runtime, LogEnds ends, TimeProvider clock)
{
    /// <summary>Who publishes, or nobody, and why it has stopped.</summary>
    public (string Owner, string? Fault) Relay => Describe(LeaseUnit.OutboxRelay);

    /// <summary>Adds the consumer's partitions that are not among the rows.</summary>
    /// <param name="rows">What is known already.</param>
    /// <param name="loop">The consumer.</param>
    /// <param name="looking">Ends looks at the log: what is not known by then is not told.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task AddAsync(List<ConsumerPartitionStatus> rows, ConsumerLoop loop, CancellationToken looking, CancellationToken cancellationToken)
    {
        var own = rows.Select(row => new PartitionId(row.Stream, row.Partition)).ToHashSet();
        var checkpoints = (await loop.Store.Checkpoints.LoadAsync(loop.Consumer.Name, cancellationToken)).ToDictionary(state => state.Checkpoint.Partition);
        var leased = runtime.Ownership.Table.Leases.Where(lease => lease.Unit.Consumer == loop.Consumer.Name).Select(lease => lease.Unit.Partition).OfType<PartitionId>();
        foreach (var partition in checkpoints.Keys.Union(leased).Except(own).Order().ToList())
        {
            rows.Add(await DescribeAsync(loop, partition, checkpoints.GetValueOrDefault(partition), looking));
        }

        foreach (var stream in loop.Streams.Where(stream => !loop.WaitingFor.ContainsKey(stream) && !rows.Exists(row => row.Stream == stream)))
        {
            var (owner, fault) = Describe(new LeaseUnit(loop.Consumer.Name, null));
            rows.Add(new(loop.Consumer.Name, stream, 0, 0, 0, null, 0, fault is null ? "waiting" : "stopped", owner, fault));
        }

        rows.Sort((one, other) => new PartitionId(one.Stream, one.Partition).CompareTo(new PartitionId(other.Stream, other.Partition)));
    }

    private async Task<ConsumerPartitionStatus> DescribeAsync(ConsumerLoop loop, PartitionId partition, CheckpointState? known, CancellationToken looking)
    {
        var (owner, fault) = Describe(loop.UnitOf(partition));
        fault = loop.Failure?.Message ?? fault;
        var at = known?.Checkpoint;
        var (reached, end) = await ends.TryReadAsync(partition, looking);
        var lag = reached ? LogEnds.Lag(end, at) : (long?)null;
        // The oldest that is not applied is at least as old as the newest.
        var delay = lag > 0 ? Math.Max(0, (clock.GetUtcNow() - end!.Value.Timestamp).TotalSeconds) : 0;
        var state = fault is not null ? "stopped" : owner.Length == 0 ? "waiting" : lag > 0 ? "catching-up" : "live";
        return new(loop.Consumer.Name, partition.Stream, partition.Index, at?.NextOffset ?? 0, at?.Mark ?? 0, lag, Math.Round(delay, 3), state, owner, fault)
        {
            Producer = at?.Producer,
            Epoch = at?.Epoch ?? 0,
            Parked = known is null ? null : ParkedStatus.Of(new ParkedKeys(known.Parked, known.Discarded), clock.GetUtcNow()),
        };
    }

    private (string Owner, string? Fault) Describe(LeaseUnit unit)
    {
        var table = runtime.Ownership.Table;
        return table.Leases.FirstOrDefault(lease => lease.Unit == unit) is { } lease && table.IsHeld(lease) ? (lease.Owner!, lease.Fault) : ("", null);
    }
}
