using FlowPlatform.Consumers;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Testing.Running;

/// <summary>How a flow stands at one moment.</summary>
/// <param name="Behind">What is not done yet, a sentence each; empty: it is settled.</param>
/// <param name="Failure">What stopped, and why; null while all runs.</param>
/// <param name="Lines">Everything, for messages.</param>
internal sealed record Standing(IReadOnlyList<string> Behind, Exception? Failure, IReadOnlyList<string> Lines)
{
    /// <summary>True if what failed is an event that is parked; all else runs.</summary>
    public bool IsParked { get; init; }
}

/// <summary>Finds out how a flow stands.</summary>
/// <param name="runtime">The service's runtime.</param>
/// <param name="definition">What it declared.</param>
/// <param name="store">Its store.</param>
/// <param name="log">The log itself, even while it is away for the service.</param>
/// <param name="queue">Its command queues.</param>
internal sealed class Surveyor(FlowRuntime runtime, FlowDefinition definition, IServiceStore store, IEventLog log, CommandQueue queue)
{
    /// <summary>
    /// Looks downstream, each place before those that it feeds: consumers, commands, outbox. What was done when it was looked at can't be undone by what comes after it, and if the ends of the log have
    /// not moved meanwhile, there is nothing new either.
    /// </summary>
    /// <param name="mayStop">Names of consumers whose stop is no failure.</param>
    /// <param name="mayPark">Names of consumers of which it is no failure that they have parked events.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<Standing> ReadAsync(IReadOnlySet<string> mayStop, IReadOnlySet<string> mayPark, CancellationToken cancellationToken)
    {
        List<string> behind = [];
        List<string> lines = [];
        Exception? failure = null;
        Exception? parked = null;
        var streams = definition.Consumers.SelectMany(consumer => consumer.Streams).Distinct().ToList();
        var ends = await ReadEndsAsync(streams, cancellationToken);
        foreach (var loop in runtime.Loops)
        {
            if (loop.Failure is not null && !mayStop.Contains(loop.Consumer.Name))
            {
                failure ??= loop.Failure;
            }

            Describe(loop, ends, behind, lines);
            if (loop.Feeds.Select(feed => feed.Cursor.Parked).FirstOrDefault(part => part.Any) is { } holding)
            {
                lines.Add($"{loop.Consumer.Name}: has parked {holding.Total.Events} events of {holding.Total.Keys} keys");
                parked ??= mayPark.Contains(loop.Consumer.Name) ? null : holding.LastFailure ?? (Exception)new FlowTestException($"{loop.Consumer.Name} has parked events since an earlier start.");
            }
        }

        await DescribeCommandsAsync(behind, lines, cancellationToken);
        await DescribeOutboxAsync(behind, lines, cancellationToken);
        if (behind.Count == 0 && !ends.SequenceEqual(await ReadEndsAsync(streams, cancellationToken)))
        {
            behind.Add("events are still coming in");
        }

        failure ??= runtime.Relay?.Failure ?? runtime.CommandFailure ?? (queue.Failed is [var failed, ..] ? failed.LastTrouble : null);
        return new Standing(behind, failure ?? parked, lines) { IsParked = failure is null };
    }

    private async Task<SortedDictionary<PartitionId, long>> ReadEndsAsync(List<string> streams, CancellationToken cancellationToken)
    {
        var ends = new SortedDictionary<PartitionId, long>();
        foreach (var stream in streams)
        {
            int partitions;
            try
            {
                partitions = await log.GetPartitionCountAsync(stream, cancellationToken);
            }
            catch (StreamNotFoundException)
            {
                // The service publishes it, and has not made it yet.
                continue;
            }

            foreach (var partition in Enumerable.Range(0, partitions).Select(index => new PartitionId(stream, index)))
            {
                if (await log.ReadLastAsync(partition, cancellationToken) is { } last)
                {
                    ends[partition] = last.Offset;
                }
            }
        }

        return ends;
    }

    private static void Describe(ConsumerLoop loop, SortedDictionary<PartitionId, long> ends, List<string> behind, List<string> lines)
    {
        var name = loop.Consumer.Name;
        if (loop.Failure is { } stopped)
        {
            lines.Add($"{name}: stopped: {stopped.Message}");
            return;
        }

        var feeds = loop.Feeds.ToDictionary(feed => feed.Cursor.Partition);
        foreach (var (partition, end) in ends.Where(end => loop.Streams.Contains(end.Key.Stream)))
        {
            var feed = feeds.GetValueOrDefault(partition);
            var at = feed?.Cursor.Current.LastOffset ?? -1;
            var trouble = loop.WaitingFor.GetValueOrDefault(partition.Stream)?.Reason ?? feed?.Error ?? loop.Trouble?.Reason;
            var where = $"{partition}: at offset {at} of {end}{(trouble is null ? "" : $", {trouble}")}";
            lines.Add($"{name} {where}");
            if (at < end)
            {
                behind.Add($"{name} is behind in {where}");
            }
        }

        // Asked after the cursors, which move before their transaction commits.
        if (loop.Applying)
        {
            behind.Add($"{name} is applying events{(loop.Trouble is { } busy ? $": {busy.Reason}" : "")}");
        }
    }

    private async Task DescribeCommandsAsync(List<string> behind, List<string> lines, CancellationToken cancellationToken)
    {
        // Without a handler nothing is ever sent.
        var unsent = await store.Outbox.CountCommandsAsync(cancellationToken);
        if (unsent > 0 && runtime.Commands is { } relay)
        {
            behind.Add($"{unsent} commands are not sent{(relay.Error is { } error ? $": {error}" : "")}");
        }

        foreach (var open in queue.Open)
        {
            behind.Add($"command {open.Command.Name} {open.Command.Id} is not handled: attempt {open.Attempt}{(open.LastTrouble is { } trouble ? $", the last one said: {trouble.Message}" : "")}");
        }

        lines.AddRange(queue.Failed.Select(failed => $"command {failed.Command.Name} {failed.Command.Id}: failed {failed.Faults} times: {failed.LastTrouble!.Message}"));
    }

    private async Task DescribeOutboxAsync(List<string> behind, List<string> lines, CancellationToken cancellationToken)
    {
        var relays = (runtime.Relay?.Relays ?? []).ToDictionary(relay => relay.Partition);
        foreach (var head in await store.Outbox.ReadHeadsAsync(cancellationToken))
        {
            var relay = relays.GetValueOrDefault(head.Partition);
            var missing = head.Assigned - (relay?.Confirmed.Sequence ?? 0);
            lines.Add($"outbox {head.Partition}: {head.Assigned - missing} of {head.Assigned} published");
            if (missing > 0)
            {
                behind.Add($"{missing} of the outbox's events are not published to {head.Partition}{(relay?.Error is { } error ? $": {error}" : "")}");
            }
        }

        if (runtime.Relay?.Failure is { } stopped)
        {
            lines.Add($"outbox: stopped: {stopped.Message}");
        }
    }
}
