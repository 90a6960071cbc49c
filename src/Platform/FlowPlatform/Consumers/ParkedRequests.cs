using System.Diagnostics;
using System.Threading.Channels;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using FlowPlatform.Telemetry;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Consumers;

/// <summary>
/// Does what operators ask for parked keys, as the partition's owner, between batches (rule C7). It costs nothing while nothing is parked; else one read a second, or when this process was asked.
/// Used by one loop.
/// </summary>
internal sealed partial class ParkedRequests(Consumer consumer, IStore store, IServiceStore main, TimeProvider clock, ILogger logger, BatchApplier applier, string messagingSystem = "flow")
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>A reactor's transaction should not hold the store's one writer longer than a few decisions (rule P6).</summary>
    private readonly int part = consumer is Reactor ? 20 : 500;
    private long seen = -1;
    private long lastLook;
    private bool more;

    private IParking Parking => store.Parking!;

    /// <summary>True if it is time to look for requests. Only to be asked while something is parked.</summary>
    public bool IsDue(IEnumerable<PartitionCursor> cursors) =>
        more || Parking.Requested.Version != seen || clock.GetElapsedTime(lastLook) >= LookEvery || cursors.Any(cursor => !cursor.Parked.Served);

    /// <summary>Executes at most one request for a key of these partitions.</summary>
    public async Task ServeAsync(IReadOnlyCollection<PartitionCursor> attached, CancellationToken cancellationToken)
    {
        (seen, lastLook) = (Parking.Requested.Version, clock.GetTimestamp());
        var requested = await applier.WaitForStoreAsync(cancel => Parking.ReadRequestsAsync(consumer.Name, cancel), cancellationToken);
        var cursors = attached.ToDictionary(cursor => cursor.Partition);
        var own = requested.FirstOrDefault(key => cursors.TryGetValue(key.Place.Partition, out var cursor) && cursor.Parked.Holds(key.Place.Key));
        more = own is not null;
        if (own is null)
        {
            foreach (var cursor in attached)
            {
                cursor.Parked.Served = true;
            }

            return;
        }

        applier.Touch(cursors[own.Place.Partition]);
        if (own.Request!.Verb == ParkingVerb.Redrive)
        {
            await RedriveAsync(own, cursors[own.Place.Partition], cancellationToken);
        }
        else
        {
            await DiscardAsync(own, cursors[own.Place.Partition], cancellationToken);
        }
    }

    /// <summary>Waits until there is something to read, or to look for. Only to be called while something is parked.</summary>
    /// <returns>True: there is something to read; false: there never will be; null: look for requests.</returns>
    public async Task<bool?> WaitAsync(ChannelReader<FeedItem> queue)
    {
        if (more)
        {
            return null;
        }

        using var either = new CancellationTokenSource();
        var reading = ReadableAsync();
        await Task.WhenAny(reading, Parking.Requested.WaitAsync(seen, either.Token), Task.Delay(LookEvery, clock, either.Token));
        bool? readable = reading.IsCompleted ? await reading : null;
        either.Cancel();
        return readable;

        // As a task of the queue's own it would go on in the thread pool.
        async Task<bool> ReadableAsync() => await queue.WaitToReadAsync(either.Token);
    }

    /// <summary>Applies all that waits behind a key, in order, until it is empty or one fails again. Meanwhile nothing new is taken, so it comes to an end.</summary>
    private async Task RedriveAsync(ParkedKey key, PartitionCursor cursor, CancellationToken cancellationToken)
    {
        var done = 0L;
        while (cursor.Parked.Holds(key.Place.Key))
        {
            var events = await applier.WaitForStoreAsync(cancel => Parking.ReadEventsAsync(key.Place, 0, part, cancel), cancellationToken);
            RequireEvents(key, 0, events);
            try
            {
                await ApplyAsync(key, cursor, events, cancellationToken);
                done += events.Count;
                continue;
            }
            catch (Exception failed) when (RetryPolicy.IsOfEvent(failed, cancellationToken))
            {
                // One by one, to get as far as it goes.
            }

            foreach (var parked in events)
            {
                try
                {
                    await applier.TryAsync(cancel => ApplyAsync(key, cursor, [parked], cancel), cancellationToken);
                    done++;
                }
                catch (Exception failed) when (RetryPolicy.IsOfEvent(failed, cancellationToken))
                {
                    await FailAsync(key, cursor, parked, done, failed, cancellationToken);
                    return;
                }
            }
        }

        await NoteAsync(key, "redriven", $"{done} events were applied; the key is free.", cancellationToken);
        LogRedriven(consumer.Name, key.Place.Partition.Name, done);
    }

    /// <summary>One transaction: the owner's checkpoint proves that it still is the owner, the events go, and their effects come; the key is free with the last of them.</summary>
    private async Task ApplyAsync(ParkedKey key, PartitionCursor cursor, IReadOnlyList<ParkedEvent> events, CancellationToken cancellationToken)
    {
        IReadOnlyList<LogRecord> records = [.. events.Select(parked => parked.Record).Where(record => !cursor.Parked.Skips(record.Event.Id))];
        using var trace = BatchTrace.Start(consumer, records, new ReplayedPartitions([cursor]), messagingSystem);
        Activity.Current = trace?.Current;
        var emptied = false;
        await applier.WriteAsync(
            async transaction =>
            {
                trace?.Begin();
                await store.Checkpoints.MoveAsync(transaction, cursor.Committed, cursor.Committed, null);
                emptied = await Parking.RemoveAsync(transaction, key.Place, [.. events.Select(parked => parked.Number)]);
                await consumer.ApplyAsync(transaction, records, trace);
            },
            consumer.KeysOf(records),
            trace,
            cancellationToken);
        trace?.Commit();
        cursor.Parked.Remove(key.Place.Key, events.Count, emptied);
    }

    private async Task FailAsync(ParkedKey key, PartitionCursor cursor, ParkedEvent parked, long done, Exception failed, CancellationToken cancellationToken)
    {
        var reason = ParkReason.Of(failed);
        await applier.WriteAsync(
            async transaction =>
            {
                await store.Checkpoints.MoveAsync(transaction, cursor.Committed, cursor.Committed, null);
                await Parking.FailAsync(transaction, key.Place, reason);
            },
            keys: null,
            trace: null,
            cancellationToken);
        cursor.Parked.Fail(new PoisonEventException(consumer.Name, parked.Record, failed));
        await NoteAsync(key, "redrive-failed", $"{done} events were applied; then event {parked.Record.Event.Id} failed again: {reason.Exception}: {reason.Message}", cancellationToken);
        LogFailedAgain(consumer.Name, parked.Record.Event.Type, parked.Record.Event.Id, key.Place.Partition.Name, reason.Exception);
    }

    /// <summary>First into the main store, where every later fold finds it, then out of the queue: whichever of the two a crash leaves undone is done again, and changes nothing that is done.</summary>
    private async Task DiscardAsync(ParkedKey key, PartitionCursor cursor, CancellationToken cancellationToken)
    {
        var request = key.Request!;
        var after = 0L;
        while (true)
        {
            var events = await applier.WaitForStoreAsync(cancel => Parking.ReadEventsAsync(key.Place, after, part, cancel), cancellationToken);
            RequireEvents(key, after, events);
            await RequireRequestAsync(key, request, cancellationToken);
            var given = events.Where(parked => request.EventId is null ? parked.Number <= request.UpTo : parked.Record.Event.Id == request.EventId).ToList();
            if (request.EventId is not null && given.Count == 0 && events.Count == part)
            {
                // Further behind.
                after = events[^1].Number;
                continue;
            }

            IReadOnlyList<string> ids = [.. given.Select(parked => parked.Record.Event.Id)];
            if (given.Count > 0)
            {
                await WriteDiscardsAsync(key, given, ids, cancellationToken);
            }

            // What came after the request is not given up by it: with the cause gone, it is applied.
            var last = request.EventId is not null || events.Count < part || given.Count < events.Count;
            var emptied = false;
            await applier.WriteAsync(
                async transaction =>
                {
                    await store.Checkpoints.MoveAsync(transaction, cursor.Committed, cursor.Committed, null);
                    await Parking.SkipAsync(transaction, consumer.Name, ids);
                    emptied = given.Count > 0 && await Parking.RemoveAsync(transaction, key.Place, [.. given.Select(parked => parked.Number)]);
                    if (last && !emptied)
                    {
                        await Parking.EndRequestAsync(transaction, key.Place, redriveTheRest: request.EventId is null);
                    }
                },
                keys: null,
                trace: null,
                cancellationToken);
            cursor.Parked.Remove(key.Place.Key, given.Count, emptied, ids);
            LogDiscarded(consumer.Name, key.Place.Partition.Name, given.Count);
            if (last || emptied)
            {
                return;
            }
        }
    }

    private async Task WriteDiscardsAsync(ParkedKey key, List<ParkedEvent> given, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var request = key.Request!;
        var entry = Entry(key, "discarded", $"{given.Count} events: {string.Join(", ", ids.Take(20))}{(ids.Count > 20 ? ", …" : "")}") with { Id = $"{request.Id}/discarded/{given[0].Number}" };
        await WriteMainAsync(
            async transaction =>
            {
                await main.Discards!.AddAsync(transaction, key.Place, request, ids);
                await main.Audit!.WriteAsync(transaction, entry);
            },
            cancellationToken);
    }

    private Task NoteAsync(ParkedKey key, string action, string detail, CancellationToken cancellationToken) =>
        WriteMainAsync(transaction => main.Audit!.WriteAsync(transaction, Entry(key, action, detail)), cancellationToken);

    private async Task WriteMainAsync(Func<StoreTransaction, ValueTask> work, CancellationToken cancellationToken) => await applier.WaitForStoreAsync(
        cancel => main.WriteAsync(
            async transaction =>
            {
                await work(transaction);
                return true;
            },
            cancel),
        cancellationToken);

    private AuditEntry Entry(ParkedKey key, string action, string detail) =>
        new($"{key.Request!.Id}/{action}", clock.GetUtcNow(), key.Request.Actor, action, key.Request.Reason, detail)
        {
            Consumer = key.Place.Consumer, Partition = key.Place.Partition, Key = key.Place.Key,
        };

    /// <summary>
    /// Asked after the events were read, since the main store knows no owner: that the request is still there proves that they are what it speaks of. Else who was suspended in between would give up what was
    /// parked under the same key since, with numbers that begin anew, and nobody asked for.
    /// </summary>
    private async Task RequireRequestAsync(ParkedKey key, ParkingRequest request, CancellationToken cancellationToken)
    {
        var now = await applier.WaitForStoreAsync(cancel => Parking.FindKeyAsync(key.Place, cancel), cancellationToken);
        if (now?.Request is not { Verb: ParkingVerb.Discard } asked || asked.Id != request.Id)
        {
            throw new OwnershipLostException(key.Place.Consumer, key.Place.Partition);
        }
    }

    private static void RequireEvents(ParkedKey key, long after, IReadOnlyList<ParkedEvent> events)
    {
        if (events.Count == 0 && after == 0)
        {
            // Somebody else has emptied it: whoever owns the partition now knows more.
            throw new OwnershipLostException(key.Place.Consumer, key.Place.Partition);
        }
    }

    [LoggerMessage(11, LogLevel.Information, "{Consumer} redrove a key of {Partition}: {Events} events applied")]
    private partial void LogRedriven(string consumer, string partition, long events);

    [LoggerMessage(12, LogLevel.Warning, "{Consumer} redrove a key and failed again at {Type} {EventId} of {Partition} because of {Exception}")]
    private partial void LogFailedAgain(string consumer, string type, string eventId, string partition, string exception);

    [LoggerMessage(13, LogLevel.Warning, "{Consumer} discarded {Events} events of a key of {Partition}, as it was asked to")]
    private partial void LogDiscarded(string consumer, string partition, int events);
}
