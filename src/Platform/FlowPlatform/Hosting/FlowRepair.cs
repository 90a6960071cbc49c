using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Outbox;
using FlowPlatform.Stores;

namespace FlowPlatform.Hosting;

/// <summary>
/// What an operator can decide where the log and what was remembered of it don't fit: accept a gap for a consumer, adopt the log for the outbox. What had stopped runs again, without a restart of the process.
/// Safe for concurrent use.
/// </summary>
public sealed class FlowRepair
{
    private readonly FlowDefinition definition;
    private readonly FlowRuntime runtime;
    private readonly IServiceStore store;
    private readonly IEventLog log;
    private readonly TimeProvider clock;

    /// <summary>Creates it; called by the container.</summary>
    public FlowRepair(FlowDefinition definition, FlowRuntime runtime, IServiceStore store, IEventLog log, TimeProvider clock)
    {
        this.definition = definition;
        this.runtime = runtime;
        this.store = store;
        this.log = log;
        this.clock = clock;
    }

    /// <summary>
    /// Lets a consumer go on past what stopped it in one partition: missing sequences, or a log that it doesn't recognise. It runs again at once; if the next thing is missing, it stops and names that.
    /// </summary>
    /// <param name="consumer">Name of the consumer.</param>
    /// <param name="partition">Where.</param>
    /// <param name="actor">Who decides it.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="RepairRefusedException">There is no such consumer or partition, or nothing to accept there.</exception>
    public async Task<AcceptedGap> AcceptGapAsync(string consumer, PartitionId partition, string actor, string reason, CancellationToken cancellationToken)
    {
        var loop = runtime.Loops.FirstOrDefault(candidate => candidate.Consumer.Name == consumer && candidate.Streams.Contains(partition.Stream))
            ?? throw new RepairRefusedException($"Service '{definition.Service}' has no consumer '{consumer}' of stream '{partition.Stream}'; it has {Known()}.", unknown: true);
        var stopped = loop.Failure ?? loop.Feeds.FirstOrDefault(feed => feed.Cursor.Partition == partition)?.Unrecognised;
        RequireHere(loop.UnitOf(partition), stopped);
        GapAcceptance.Require(consumer, partition, stopped);
        var kept = runtime.StoreOf(loop.Consumer.GetType());
        return await runtime.RepairConsumerAsync(
            consumer,
            async () =>
            {
                var state = (await kept.Checkpoints.LoadAsync(consumer, cancellationToken)).FirstOrDefault(candidate => candidate.Checkpoint.Partition == partition)
                    ?? throw new RepairRefusedException($"Consumer '{consumer}' has never attached to {partition}.", unknown: true);
                var end = stopped is LogIdentityException { Case: LogIdentityCase.ForeignTail } ? await log.ReadLastAsync(partition, cancellationToken) : null;
                var accepted = GapAcceptance.Decide(state, stopped!, end);
                await RecordAsync(new AuditEntry(Guid.NewGuid().ToString(), clock.GetUtcNow(), actor, "accept-gap", reason, accepted.Gap.Detail) { Consumer = consumer, Partition = partition }, cancellationToken);
                await kept.WriteAsync(
                    async transaction =>
                    {
                        await kept.Checkpoints.MoveAsync(transaction, state.Checkpoint, accepted.To, null);
                        await kept.Checkpoints.RecordIncidentAsync(transaction, accepted.To, "gap-accepted", $"{accepted.Gap.Detail} Accepted by {actor}: {reason}");
                        return true;
                    },
                    cancellationToken);
                return accepted.Gap;
            },
            cancellationToken);
    }

    /// <summary>
    /// Makes the outbox, whose relay has stopped because it doesn't fit the log, fit it: see <see cref="Adoption"/>. The relay runs again at once.
    /// </summary>
    /// <param name="actor">Who decides it.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="RepairRefusedException">The relay has not stopped, or for another reason.</exception>
    /// <exception cref="EventLogUnavailableException">The log can't be reached; adopt again when it is.</exception>
    public async Task<Adoption> AdoptAsync(string actor, string reason, CancellationToken cancellationToken)
    {
        if (definition.Published.All.Count == 0)
        {
            throw new RepairRefusedException($"Service '{definition.Service}' publishes nothing: it has no outbox that could adopt a log.", unknown: true);
        }

        RequireHere(LeaseUnit.OutboxRelay, runtime.Relay?.Failure);
        var stopped = runtime.Relay?.Failure switch
        {
            OutboxIdentityException identity => identity,
            null => throw new RepairRefusedException("There is nothing to adopt: the outbox fits the log."),
            var other => throw new RepairRefusedException($"Adopting the log would not help, for the outbox's relay has stopped for another reason: {other.Message}"),
        };
        return await runtime.RepairRelayAsync(
            async () =>
            {
                await RecordAsync(new AuditEntry(Guid.NewGuid().ToString(), clock.GetUtcNow(), actor, "adopt", reason, stopped.Message) { Partition = stopped.Partition }, cancellationToken);
                var anew = stopped.Case is not OutboxIdentityCase.Vanished;
                var adoption = await new OutboxAdopter(log, store.Outbox, definition.Published, clock).AdoptAsync(anew, cancellationToken);
                await store.Outbox.RecordIncidentAsync(
                    stopped.Partition,
                    0,
                    "adopted",
                    (adoption.From == adoption.To ? $"The log was adopted: {adoption.PublishedAgain} events of {adoption.To} were published again." :
                        $"The log was adopted: {adoption.From} goes on as {adoption.To}. The log has {adoption.Beyond} events that the store has not; they are not emitted again.")
                    + $" Adopted by {actor}: {reason}",
                    cancellationToken);
                return adoption;
            },
            cancellationToken);
    }

    /// <summary>What is known to have gone wrong with the log, of all consumers and the outbox, newest first.</summary>
    public Task<IReadOnlyList<Incident>> ReadIncidentsAsync(CancellationToken cancellationToken) =>
        new Incidents(runtime, store, clock).ReadAsync(cancellationToken);

    private string Known() => definition.ConsumerNames.Count == 0 ? "none" : string.Join("; ", definition.ConsumerNames.Select(name => $"{name} of {string.Join(", ", definition.StreamsOf(name))}"));

    /// <summary>Only the replica that has stopped with it knows what is wrong, and runs it again.</summary>
    private void RequireHere(LeaseUnit unit, Exception? stopped)
    {
        var table = runtime.Ownership.Table;
        if (stopped is null && table.Leases.FirstOrDefault(lease => lease.Unit == unit) is { Fault: { } fault, Owner: { } owner } lease && owner != runtime.Ownership.Owner && table.IsHeld(lease))
        {
            throw new RepairRefusedException($"Replica {owner} has stopped with it; this is {runtime.Ownership.Owner}. Ask that one (its /flow/status calls itself so): {fault}");
        }
    }

    /// <summary>Before it is done: what is not written down does not happen.</summary>
    private async Task RecordAsync(AuditEntry entry, CancellationToken cancellationToken)
    {
        var audit = store.Audit ?? throw new RepairRefusedException("This store keeps no audit, without which nothing is repaired.");
        await store.WriteAsync(
            async transaction =>
            {
                await audit.WriteAsync(transaction, entry);
                return true;
            },
            cancellationToken);
    }
}

/// <summary>A gap that was accepted.</summary>
/// <param name="Consumer">Name of the consumer.</param>
/// <param name="Partition">Where.</param>
/// <param name="Case">What it was: hole, or how the log was not recognised.</param>
/// <param name="From">First sequence that the consumer will never have; null if that can't be told.</param>
/// <param name="To">Last one; null if that can't be told.</param>
/// <param name="Detail">In words.</param>
public sealed record AcceptedGap(string Consumer, PartitionId Partition, string Case, long? From, long? To, string Detail);

/// <summary>A repair doesn't apply. Nothing was changed.</summary>
public sealed class RepairRefusedException : FlowException
{
    /// <summary>Creates it.</summary>
    public RepairRefusedException(string message, bool unknown = false)
        : base(message) => Unknown = unknown;

    /// <summary>True if what was to be repaired doesn't exist.</summary>
    public bool Unknown { get; }
}
