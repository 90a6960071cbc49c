using System.Diagnostics.Metrics;
using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using FlowPlatform.Telemetry;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FlowPlatform.Hosting;

/// <summary>Says how the flow through this service is: for <c>/flow/status</c>, for health and for metrics. Safe for concurrent use.</summary>
public sealed class FlowMonitor : IHealthCheck, IDisposable
{
    /// <summary>A reader may be away that long before health turns red, though lag reads 0.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The ends of the log are asked for that long in all: while it is away, the rest of the status must not wait for it.</summary>
    private static readonly TimeSpan EndsTime = TimeSpan.FromSeconds(1);
    private readonly FlowDefinition definition;
    private readonly FlowRuntime runtime;
    private readonly IServiceStore store;
    private readonly LogEnds ends;
    private readonly Incidents incidents;
    private readonly OtherReplicas others;
    private readonly TimeProvider clock;
    private readonly Meter gauges;
    private volatile FlowStatus? latest;

    /// <summary>Creates it; called by the container.</summary>
    public FlowMonitor(FlowDefinition definition, FlowRuntime runtime, IServiceStore store, IEventLog log, TimeProvider clock)
    {
        this.definition = definition;
        this.runtime = runtime;
        this.store = store;
        this.clock = clock;
        ends = new LogEnds(log);
        incidents = new Incidents(runtime, store, clock);
        others = new OtherReplicas(runtime, ends, clock);
        gauges = FlowMetrics.Observe(
            () => Rows().Select(row => new Measurement<long>(row.Lag!.Value, Tags(row))),
            () => Rows().Select(row => new Measurement<double>(row.DelaySeconds, Tags(row))),
            () => latest?.Outbox.Depth ?? 0,
            () => Parked().Select(loop => new Measurement<long>(loop.Keys, new KeyValuePair<string, object?>("flow.consumer", loop.Consumer))),
            () => Parked().Select(loop => new Measurement<double>(loop.OldestSeconds, new KeyValuePair<string, object?>("flow.consumer", loop.Consumer))));
    }

    /// <inheritdoc />
    public void Dispose() => gauges.Dispose();

    /// <summary>The state of streams, consumers and outbox now.</summary>
    public async Task<FlowStatus> GetStatusAsync(CancellationToken cancellationToken)
    {
        var heads = (await store.Outbox.ReadHeadsAsync(cancellationToken)).ToDictionary(head => head.Partition);
        var confirms = (runtime.Relay?.Relays ?? []).ToDictionary(relay => relay.Partition, relay => relay.Confirmed.Sequence);
        List<PublishedPartitionStatus> streams = [];
        foreach (var partition in definition.Published.All.SelectMany(stream => stream.PartitionIds))
        {
            var head = heads.GetValueOrDefault(partition);
            var confirmed = Math.Max(head?.Confirmed ?? 0, confirms.GetValueOrDefault(partition));
            // The relay was asked after the table: it may know of rows that are newer.
            streams.Add(new(partition.Stream, partition.Index, Math.Max(head?.Assigned ?? 0, confirmed), confirmed) { Producer = store.Outbox.Producer });
        }

        var noted = await incidents.ReadAsync(cancellationToken);
        var consumers = new List<ConsumerPartitionStatus>();
        using var limit = new CancellationTokenSource(EndsTime, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        foreach (var loop in runtime.Loops)
        {
            consumers.AddRange(await DescribeAsync(loop, noted, either.Token, cancellationToken));
        }

        cancellationToken.ThrowIfCancellationRequested();

        return latest = new FlowStatus(1, definition.Service, streams, consumers, await DescribeOutboxAsync(streams, noted, cancellationToken), consumers.Sum(row => row.Parked?.Keys ?? 0))
        {
            Instance = runtime.Ownership.Owner,
        };
    }

    /// <inheritdoc />
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var red = new List<string>();
        var yellow = new List<string>();
        foreach (var loop in runtime.Loops)
        {
            if (loop.Failure is { } failure)
            {
                red.Add(failure.Message);
            }

            if (loop.Trouble is { } trouble)
            {
                (IsOverdue(trouble.Since) ? red : yellow).Add($"{loop.Consumer.Name} can't commit: {trouble.Reason}");
            }

            if (ParkedBy(loop) is { Keys: > 0 } parked)
            {
                yellow.Add($"{loop.Consumer.Name} has parked {parked.Events} events of {parked.Keys} keys, the oldest {parked.OldestSeconds:0} s ago: `flow parked` (GET /flow/parked) shows why; redrive or discard them.");
            }

            foreach (var (stream, waiting) in loop.WaitingFor)
            {
                (IsOverdue(waiting.UnavailableSince) ? red : yellow).Add($"{loop.Consumer.Name} can't read {stream}: {waiting.Reason}");
            }

            foreach (var feed in loop.Feeds)
            {
                if (feed.Error is not null)
                {
                    (IsOverdue(feed.UnavailableSince) ? red : yellow).Add($"{loop.Consumer.Name} can't read {feed.Cursor.Partition}: {feed.Error}");
                }
                else if (feed.Shortage is { } shortage)
                {
                    yellow.Add($"{loop.Consumer.Name} at {feed.Cursor.Partition}: {shortage}");
                }
            }
        }

        if (runtime.Ownership.Trouble is { } unsure)
        {
            (IsOverdue(unsure.Since) ? red : yellow).Add($"The leases can't be renewed: {unsure.Reason}");
        }

        if ((runtime.OwnershipFailure ?? runtime.Relay?.Failure ?? runtime.CommandFailure) is { } stopped)
        {
            red.Add(stopped.Message);
        }

        if (runtime.Relay?.Away is { } away)
        {
            (IsOverdue(away.Since) ? red : yellow).Add($"The outbox can't publish: {away.Reason}");
        }

        foreach (var relay in runtime.Relay?.Relays ?? [])
        {
            if (relay.Error is not null)
            {
                (IsOverdue(relay.UnavailableSince) ? red : yellow).Add($"The outbox can't publish to {relay.Partition}: {relay.Error}");
            }
            else if (relay.Refilling)
            {
                yellow.Add($"The outbox publishes a tail again that {relay.Partition} had lost.");
            }
        }

        yellow.AddRange(incidents.Summaries(await incidents.ReadAsync(cancellationToken)));
        return red.Count > 0 ? HealthCheckResult.Unhealthy(string.Join(" ", red.Concat(yellow)))
            : yellow.Count > 0 ? HealthCheckResult.Degraded(string.Join(" ", yellow))
            : HealthCheckResult.Healthy();
    }

    /// <param name="loop">The consumer.</param>
    /// <param name="noted">What was recorded of it.</param>
    /// <param name="looking">Ends looks at the log: what is not known by then is not told.</param>
    /// <param name="cancellationToken">Cancels.</param>
    private async Task<List<ConsumerPartitionStatus>> DescribeAsync(ConsumerLoop loop, IReadOnlyList<Incident> noted, CancellationToken looking, CancellationToken cancellationToken)
    {
        var rows = new List<ConsumerPartitionStatus>();
        foreach (var feed in loop.Feeds)
        {
            var at = feed.Cursor.Current;
            var lag = await ends.TryReadAsync(feed.Cursor.Partition, looking) is var (known, end) && known ? LogEnds.Lag(end, at) : (long?)null;
            var delay = lag > 0 && feed.Cursor.LogTime is { } logTime ? Math.Max(0, (clock.GetUtcNow() - logTime).TotalSeconds) : 0;
            var error = loop.Failure?.Message ?? feed.Error ?? loop.Trouble?.Reason;
            var state = loop.Failure is not null ? "stopped" : error is not null ? "unavailable" : feed.Shortage is not null ? "refilling" : feed.CatchingUp ? "catching-up" : "live";
            rows.Add(new(
                loop.Consumer.Name, at.Partition.Stream, at.Partition.Index, at.NextOffset, at.Mark, lag, Math.Round(delay, 3), state, runtime.Ownership.Owner, error ?? feed.Shortage)
            {
                Producer = at.Producer,
                Epoch = at.Epoch,
                Incidents = noted.Count(incident => incident.Consumer == loop.Consumer.Name && incident.Partition == at.Partition),
                Parked = StatusOf(feed.Cursor.Parked),
                Batches = loop.Batches,
            });
        }

        if (runtime.Ownership.IsShared)
        {
            await others.AddAsync(rows, loop, looking, cancellationToken);
        }

        // Not attached: it waits for the stream, or stopped before it could.
        foreach (var stream in loop.Streams.Where(stream => !rows.Exists(row => row.Stream == stream)))
        {
            var waiting = loop.WaitingFor.GetValueOrDefault(stream);
            if (loop.Failure is not null || waiting is not null)
            {
                rows.Add(new(
                    loop.Consumer.Name, stream, 0, 0, 0, null, 0, loop.Failure is null ? "waiting" : "stopped", runtime.Ownership.Owner, loop.Failure?.Message ?? waiting!.Reason));
            }
        }

        return rows;
    }

    private ParkedStatus? StatusOf(ParkedKeys parked) => ParkedStatus.Of(parked, clock.GetUtcNow());

    private (string Consumer, int Keys, long Events, double OldestSeconds) ParkedBy(ConsumerLoop loop)
    {
        var parts = loop.Feeds.Select(feed => StatusOf(feed.Cursor.Parked)).OfType<ParkedStatus>().ToList();
        return (loop.Consumer.Name, parts.Sum(part => part.Keys), parts.Sum(part => part.Events), parts.Count == 0 ? 0 : parts.Max(part => part.OldestSeconds));
    }

    /// <summary>Consumers with nothing parked are measured, too: 0 ends an alarm.</summary>
    private IEnumerable<(string Consumer, int Keys, long Events, double OldestSeconds)> Parked() => runtime.Loops.Select(ParkedBy);

    private async Task<OutboxStatus> DescribeOutboxAsync(List<PublishedPartitionStatus> streams, IReadOnlyList<Incident> noted, CancellationToken cancellationToken)
    {
        var relay = runtime.Relay;
        var error = relay?.Failure?.Message ?? runtime.CommandFailure?.Message ?? relay?.Relays.Select(part => part.Error).FirstOrDefault(reason => reason is not null) ?? relay?.Away?.Reason ?? relay?.BooksTrouble ?? runtime.Commands?.Error ?? runtime.RelayTrouble;
        var state = relay?.Failure is not null || runtime.CommandFailure is not null ? "stopped"
            : error is not null ? "unavailable"
            : relay is null || relay.Relays.Any(part => part.UnavailableSince is not null) ? "connecting"
            : relay.Relays.Any(part => part.Refilling) ? "refilling"
            : "running";
        var incidentsNoted = noted.Count(incident => incident.Consumer == Incident.Relay);
        if (runtime.Ownership.IsShared && relay is null && error is null)
        {
            return new OutboxStatus(
                streams.Sum(row => row.LastSequence - row.Confirmed),
                await store.Outbox.CountCommandsAsync(cancellationToken),
                others.Relay.Fault is not null ? "stopped" : others.Relay.Owner.Length == 0 ? "connecting" : "running",
                others.Relay.Fault)
            { Owner = others.Relay.Owner, Incidents = incidentsNoted };
        }

        return new OutboxStatus(streams.Sum(row => row.LastSequence - row.Confirmed), await store.Outbox.CountCommandsAsync(cancellationToken), state, error) { Owner = runtime.Ownership.Owner, Incidents = incidentsNoted };
    }

    private bool IsOverdue(DateTimeOffset? since) => since is { } start && clock.GetUtcNow() - start > Patience;

    /// <summary>What is unknown is not measured: a lag of 0 would look healthy. Of several replicas the owner measures.</summary>
    private IEnumerable<ConsumerPartitionStatus> Rows() => latest?.Consumers.Where(row => row.Lag is not null && row.Owner == runtime.Ownership.Owner) ?? [];

    private static KeyValuePair<string, object?>[] Tags(ConsumerPartitionStatus row) =>
        [new("flow.consumer", row.Consumer), new("flow.stream", row.Stream), new("flow.partition", row.Partition)];
}
