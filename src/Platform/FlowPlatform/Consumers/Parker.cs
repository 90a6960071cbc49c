using FlowPlatform.Log;
using FlowPlatform.Stores;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Consumers;

/// <summary>Parks events of one consumer within its limits, and lets later ones of their keys wait (rule C7). Used by one loop.</summary>
internal sealed partial class Parker(Consumer consumer, IStore store, ILogger logger)
{
    /// <summary>False: a poison event stops the consumer.</summary>
    public bool Parks => consumer.Parks && store.Parking is not null;

    private IParking Parking => store.Parking ?? throw new InvalidOperationException($"The store of '{consumer.Name}' can't park.");

    /// <summary>Parts what was taken into what is applied and what waits; what was given up is in neither.</summary>
    /// <returns>As waiting: null if nothing waits.</returns>
    public (IReadOnlyList<LogRecord> Apply, HeldRecords? Held) Sort(IReadOnlyList<LogRecord> taken, IReadOnlyCollection<PartitionCursor> cursors)
    {
        var sorts = false;
        foreach (var cursor in cursors)
        {
            sorts |= cursor.Parked.Sorts;
        }

        if (!sorts)
        {
            return (taken, null);
        }

        var byPartition = cursors.ToDictionary(cursor => cursor.Partition);
        var apply = new List<LogRecord>(taken.Count);
        HeldRecords? held = null;
        foreach (var record in taken)
        {
            var parked = byPartition[record.Partition].Parked;
            if (parked.Skips(record.Event.Id))
            {
                continue;
            }

            if (parked.Holds(record.Event.Key) && consumer.Wants(record))
            {
                (held ??= new HeldRecords()).Add(parked, record);
            }
            else
            {
                apply.Add(record);
            }
        }

        return (apply, held);
    }

    public async ValueTask HoldAsync(StoreTransaction transaction, HeldRecords held)
    {
        await Parking.HoldAsync(transaction, consumer.Name, held.Records);
        if ((await Parking.CountAsync(transaction, consumer.Name)).Events > consumer.MaxParkedEvents)
        {
            throw new ParkingLimitException(consumer.Name, "events", consumer.MaxParkedEvents);
        }
    }

    public async ValueTask ParkAsync(StoreTransaction transaction, LogRecord record, PoisonEventException poison)
    {
        await Parking.ParkAsync(transaction, consumer.Name, record, ParkReason.Of(poison.InnerException!));
        var (keys, events) = await Parking.CountAsync(transaction, consumer.Name);
        if (keys > consumer.MaxParkedKeys)
        {
            throw new ParkingLimitException(consumer.Name, "keys", consumer.MaxParkedKeys, poison);
        }

        if (events > consumer.MaxParkedEvents)
        {
            throw new ParkingLimitException(consumer.Name, "events", consumer.MaxParkedEvents, poison);
        }
    }

    /// <summary>Neither key nor message is in the log: both may name a person. <c>/flow/parked</c> has them, behind the key.</summary>
    public void LogParked(LogRecord record, PoisonEventException poison) =>
        LogParked(consumer.Name, record.Event.Type, record.Event.Id, record.Partition.Name, record.Offset, poison.InnerException!.GetType().FullName!);

    [LoggerMessage(
        10, LogLevel.Warning, "{Consumer} parked {Type} {EventId} at {Partition} offset {Offset} because of {Exception}: later events of its key wait; GET /flow/parked shows why")]
    private partial void LogParked(string consumer, string type, string eventId, string partition, long offset, string exception);
}

/// <summary>Events that will wait once their transaction has committed, with their places.</summary>
internal sealed class HeldRecords
{
    private readonly List<NumberedRecord> records = [];
    private readonly Dictionary<ParkedKeys, List<NumberedRecord>> byPartition = [];
    private readonly Dictionary<(ParkedKeys, string), long> last = [];

    public IReadOnlyList<NumberedRecord> Records => records;

    public void Add(ParkedKeys parked, LogRecord record)
    {
        if (!byPartition.TryGetValue(parked, out var own))
        {
            byPartition.Add(parked, own = []);
        }

        var place = (parked, record.Event.Key);
        var numbered = new NumberedRecord(last[place] = last.TryGetValue(place, out var before) ? before + 1 : parked.Next(record.Event.Key), record);
        own.Add(numbered);
        records.Add(numbered);
    }

    public void Commit()
    {
        foreach (var (parked, own) in byPartition)
        {
            parked.Hold(own);
        }
    }
}
