using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>Parked events in a simulated database, with the real ones' conditions.</summary>
internal sealed class SimulatedParking(SimulatedStore store) : IParking
{
    private DateTimeOffset Now => store.Database.Machine.Clock.GetUtcNow();

    public Pulse Requested { get; } = new();

    public Task<IReadOnlyList<ParkedKey>> ReadKeysAsync(ParkedKeyQuery query, CancellationToken cancellationToken) => store.ReadAsync<IReadOnlyList<ParkedKey>>(
        snapshot => [.. snapshot.Parked.Values.Select(row => row.Key).Where(key => Matches(query, key.Place)).Take(query.Max)], cancellationToken);

    public Task<ParkedKey?> FindKeyAsync(ParkedPlace place, CancellationToken cancellationToken) => store.ReadAsync(snapshot => snapshot.Parked.GetValueOrDefault(place)?.Key, cancellationToken);

    public Task<IReadOnlyList<ParkedEvent>> ReadEventsAsync(ParkedPlace place, long after, int max, CancellationToken cancellationToken) => store.ReadAsync<IReadOnlyList<ParkedEvent>>(
        snapshot => snapshot.Parked.GetValueOrDefault(place) is { } row ? [.. row.Events.Where(parked => parked.Number > after).Take(max)] : [], cancellationToken);

    public Task<IReadOnlyList<ParkedKey>> ReadRequestsAsync(string consumer, CancellationToken cancellationToken) => store.ReadAsync<IReadOnlyList<ParkedKey>>(
        snapshot => [.. snapshot.Parked.Values.Select(row => row.Key).Where(key => key.Place.Consumer == consumer && key.Request is not null).OrderBy(key => key.Request!.At)], cancellationToken);

    public async ValueTask ParkAsync(StoreTransaction transaction, string consumer, LogRecord record, ParkReason reason)
    {
        var place = new ParkedPlace(consumer, record.Partition, record.Event.Key);
        var (connection, _) = await LockAsync(transaction, place);
        var row = new ParkedRow(new ParkedKey(place, 1, 1, Now, reason, 1, null), [new ParkedEvent(1, Now, record)]);
        connection.Change(snapshot => snapshot with { Parked = snapshot.Parked.Add(place, row) });
    }

    public async ValueTask HoldAsync(StoreTransaction transaction, string consumer, IReadOnlyList<NumberedRecord> records)
    {
        foreach (var group in records.GroupBy(item => new ParkedPlace(consumer, item.Record.Partition, item.Record.Event.Key)))
        {
            var (connection, row) = await LockAsync(transaction, group.Key);
            if (row is not null)
            {
                var events = row.Events.AddRange(group.Select(item => new ParkedEvent(item.Number, Now, item.Record)));
                Set(connection, new ParkedRow(row.Key with { Events = row.Key.Events + group.Count(), Appended = group.Max(item => item.Number) }, events));
            }
        }
    }

    public async ValueTask<ParkedTotal> CountAsync(StoreTransaction transaction, string consumer)
    {
        var seen = await ((SimulatedConnection)transaction.Connection).ReadAsync();
        var keys = seen.Parked.Values.Where(row => row.Key.Place.Consumer == consumer).ToList();
        return new ParkedTotal(keys.Count, keys.Sum(row => row.Key.Events));
    }

    public async ValueTask<bool> RemoveAsync(StoreTransaction transaction, ParkedPlace place, IReadOnlyList<long> numbers)
    {
        var (connection, row) = await LockAsync(transaction, place);
        if (row is null || row.Events.Count(parked => numbers.Contains(parked.Number)) != numbers.Count)
        {
            throw new OwnershipLostException(place.Consumer, place.Partition);
        }

        var left = row.Events.RemoveAll(parked => numbers.Contains(parked.Number));
        if (row.Key.Events > numbers.Count)
        {
            Set(connection, new ParkedRow(row.Key with { Events = row.Key.Events - numbers.Count }, left));
            return false;
        }

        connection.Change(snapshot => snapshot with { Parked = snapshot.Parked.Remove(place) });
        return true;
    }

    public async ValueTask FailAsync(StoreTransaction transaction, ParkedPlace place, ParkReason reason)
    {
        var (connection, row) = await LockAsync(transaction, place);
        if (row is not null)
        {
            Set(connection, row with { Key = row.Key with { Reason = reason, Failures = row.Key.Failures + 1, Request = null } });
        }
    }

    public async ValueTask SkipAsync(StoreTransaction transaction, string consumer, IReadOnlyList<string> eventIds)
    {
        var connection = (SimulatedConnection)transaction.Connection;
        await connection.ReadAsync();
        connection.Change(snapshot => snapshot with { Skipped = snapshot.Skipped.Union(eventIds.Select(id => (consumer, id))) });
    }

    public async ValueTask<bool> RequestAsync(StoreTransaction transaction, ParkedPlace place, ParkingRequest request)
    {
        var (connection, row) = await LockAsync(transaction, place);
        if (row is null or { Key.Request: not null })
        {
            return false;
        }

        Set(connection, row with { Key = row.Key with { Request = request with { UpTo = row.Key.Appended } } });
        return true;
    }

    public async ValueTask EndRequestAsync(StoreTransaction transaction, ParkedPlace place, bool redriveTheRest)
    {
        var (connection, row) = await LockAsync(transaction, place);
        if (row is not null)
        {
            Set(connection, row with { Key = row.Key with { Request = redriveTheRest && row.Key.Request is { } request ? request with { Verb = ParkingVerb.Redrive } : null } });
        }
    }

    private static async ValueTask<(SimulatedConnection Connection, ParkedRow? Row)> LockAsync(StoreTransaction transaction, ParkedPlace place)
    {
        var connection = (SimulatedConnection)transaction.Connection;
        var seen = await connection.LockAsync(new Row("parked", $"{place.Consumer} {place.Key}", place.Partition));
        return (connection, seen.Parked.GetValueOrDefault(place));
    }

    private static void Set(SimulatedConnection connection, ParkedRow row) => connection.Change(snapshot => snapshot with { Parked = snapshot.Parked.SetItem(row.Key.Place, row) });

    private static bool Matches(ParkedKeyQuery query, ParkedPlace place) =>
        place.Consumer == query.Consumer && (query.Stream is null || place.Partition.Stream == query.Stream) && (query.Partition is null || place.Partition.Index == query.Partition)
        && (query.Key is null || place.Key == query.Key)
        && (query.After is not { } after || place.Partition.CompareTo(after.Partition) is > 0 || (place.Partition == after.Partition && string.CompareOrdinal(place.Key, after.Key) > 0));
}

/// <summary>What operators did.</summary>
internal sealed class SimulatedAudit(SimulatedStore store) : IAudit
{
    public async ValueTask WriteAsync(StoreTransaction transaction, AuditEntry entry)
    {
        var connection = (SimulatedConnection)transaction.Connection;
        await connection.LockAsync(new Row("audit", entry.Id));
        connection.Change(snapshot => snapshot.Audit.Exists(known => known.Id == entry.Id) ? snapshot : snapshot with { Audit = snapshot.Audit.Add(entry with { Number = snapshot.Audit.Count + 1 }) });
    }

    public Task<IReadOnlyList<AuditEntry>> ReadAsync(string? consumer, long? before, int max, CancellationToken cancellationToken) => store.ReadAsync<IReadOnlyList<AuditEntry>>(
        snapshot => [.. snapshot.Audit.Reverse().Where(entry => (consumer is null || entry.Consumer == consumer) && (before is null || entry.Number < before)).Take(max)], cancellationToken);
}

/// <summary>Events that operators gave up.</summary>
internal sealed class SimulatedDiscards(SimulatedStore store) : IDiscards
{
    public async ValueTask AddAsync(StoreTransaction transaction, ParkedPlace place, ParkingRequest request, IReadOnlyList<string> eventIds)
    {
        var connection = (SimulatedConnection)transaction.Connection;
        await connection.LockAsync(new Row("discard", place.Consumer));
        connection.Change(snapshot => snapshot with { Discards = snapshot.Discards.AddRange(eventIds.Select(id => (place.Consumer, id)).Where(given => !snapshot.Discards.Contains(given))) });
    }

    public Task<IReadOnlyList<string>> ReadAsync(string consumer, CancellationToken cancellationToken) => store.ReadAsync<IReadOnlyList<string>>(
        snapshot => [.. snapshot.Discards.Where(given => given.Consumer == consumer).Select(given => given.EventId)], cancellationToken);
}
