using FlowPlatform.Log;

namespace FlowPlatform.Stores;

/// <summary>
/// Parked events in one database, beside the rows of the consumers that live there (rules C7, G1). What takes a transaction is called by the partition's owner, after it has moved its
/// checkpoint in that transaction. Safe for concurrent use.
/// </summary>
public interface IParking
{
    /// <summary>Signals after a request was made in this process.</summary>
    Pulse Requested { get; }

    /// <summary>What is parked, ordered by stream, partition and key.</summary>
    /// <param name="query">Of which consumer, and where to go on.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<IReadOnlyList<ParkedKey>> ReadKeysAsync(ParkedKeyQuery query, CancellationToken cancellationToken);

    /// <summary>A parked key; null if it is not parked.</summary>
    Task<ParkedKey?> FindKeyAsync(ParkedPlace place, CancellationToken cancellationToken);

    /// <summary>Events that wait behind a key, the parked one first, in order.</summary>
    /// <param name="place">The key.</param>
    /// <param name="after">Only those with a higher <see cref="ParkedEvent.Number"/>; 0 for all.</param>
    /// <param name="max">At most so many.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<IReadOnlyList<ParkedEvent>> ReadEventsAsync(ParkedPlace place, long after, int max, CancellationToken cancellationToken);

    /// <summary>Parked keys for which something is requested, oldest request first.</summary>
    Task<IReadOnlyList<ParkedKey>> ReadRequestsAsync(string consumer, CancellationToken cancellationToken);

    /// <summary>Parks the first event of a key.</summary>
    ValueTask ParkAsync(StoreTransaction transaction, string consumer, LogRecord record, ParkReason reason);

    /// <summary>Lets events wait behind their keys, which are parked.</summary>
    ValueTask HoldAsync(StoreTransaction transaction, string consumer, IReadOnlyList<NumberedRecord> records);

    /// <summary>How much the consumer has parked, over all partitions, as the transaction sees it.</summary>
    ValueTask<ParkedTotal> CountAsync(StoreTransaction transaction, string consumer);

    /// <summary>Removes events from behind a key; the key itself goes with the last of them.</summary>
    /// <param name="transaction">The owner's transaction.</param>
    /// <param name="place">The key.</param>
    /// <param name="numbers">Their numbers.</param>
    /// <returns>True if the key is parked no longer.</returns>
    /// <exception cref="OwnershipLostException">They are not all there: somebody else has removed them. Nothing may be written.</exception>
    ValueTask<bool> RemoveAsync(StoreTransaction transaction, ParkedPlace place, IReadOnlyList<long> numbers);

    /// <summary>Writes down why the key stays parked, and ends what was requested for it.</summary>
    ValueTask FailAsync(StoreTransaction transaction, ParkedPlace place, ParkReason reason);

    /// <summary>Remembers discarded events, so that they are skipped when they come again. Those that it has already are left alone.</summary>
    ValueTask SkipAsync(StoreTransaction transaction, string consumer, IReadOnlyList<string> eventIds);

    /// <summary>Asks the owner for something. A key for which something is requested already is left alone.</summary>
    /// <returns>False if it was left alone, or is not parked.</returns>
    ValueTask<bool> RequestAsync(StoreTransaction transaction, ParkedPlace place, ParkingRequest request);

    /// <summary>Ends what was requested for a key, which stays parked; or asks to redrive what has come since.</summary>
    ValueTask EndRequestAsync(StoreTransaction transaction, ParkedPlace place, bool redriveTheRest);
}

/// <summary>A key of one partition, as one consumer has it.</summary>
/// <param name="Consumer">Name of the consumer.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Key">The events' key.</param>
public readonly record struct ParkedPlace(string Consumer, PartitionId Partition, string Key);

/// <summary>Which parked keys to read.</summary>
/// <param name="Consumer">Of this consumer.</param>
/// <param name="Max">At most so many.</param>
public sealed record ParkedKeyQuery(string Consumer, int Max)
{
    /// <summary>Of this stream only; null: of all.</summary>
    public string? Stream { get; init; }

    /// <summary>Of this partition only; null: of all.</summary>
    public int? Partition { get; init; }

    /// <summary>Of this key only; null: all.</summary>
    public string? Key { get; init; }

    /// <summary>Only those after this place; null: from the first.</summary>
    public ParkedPlace? After { get; init; }
}

/// <summary>A key whose events a consumer can't apply for the time being.</summary>
/// <param name="Place">Where.</param>
/// <param name="Events">Events that wait, the one that failed included.</param>
/// <param name="Appended">Events that were ever parked behind it: the last one's number.</param>
/// <param name="Since">When it was parked, UTC.</param>
/// <param name="Reason">Why the first of them could not be applied, at the last try.</param>
/// <param name="Failures">How often it was parked or redriven in vain, each with all its retries.</param>
/// <param name="Request">What the owner is asked to do; null: nothing.</param>
public sealed record ParkedKey(ParkedPlace Place, long Events, long Appended, DateTimeOffset Since, ParkReason Reason, int Failures, ParkingRequest? Request);

/// <summary>How much is parked.</summary>
/// <param name="Keys">Keys.</param>
/// <param name="Events">Events behind them.</param>
public readonly record struct ParkedTotal(long Keys, long Events);

/// <summary>An event that waits behind a parked key.</summary>
/// <param name="Number">Its place in the key's queue, ascending.</param>
/// <param name="ParkedAt">Since when it waits, UTC.</param>
/// <param name="Record">The event and where it was in the log.</param>
public readonly record struct ParkedEvent(long Number, DateTimeOffset ParkedAt, LogRecord Record);

/// <summary>An event with its place in its key's queue.</summary>
/// <param name="Number">The place.</param>
/// <param name="Record">The event.</param>
public readonly record struct NumberedRecord(long Number, LogRecord Record);

/// <summary>What an owner is asked to do with a parked key.</summary>
public enum ParkingVerb
{
    /// <summary>Apply its events again, in order.</summary>
    Redrive,

    /// <summary>Give its events up: they are skipped, in this and in every later fold.</summary>
    Discard,
}

/// <summary>What an owner is asked to do with a parked key, by whom and why.</summary>
/// <param name="Id">Id of the request, unique.</param>
/// <param name="Verb">What.</param>
/// <param name="Actor">Who asks.</param>
/// <param name="Reason">Why; null if not said.</param>
/// <param name="At">When, UTC.</param>
/// <param name="EventId">Discard this event only; null: all that wait now.</param>
/// <param name="UpTo">Number of the last event that waited when it was asked for.</param>
public sealed record ParkingRequest(string Id, ParkingVerb Verb, string Actor, string? Reason, DateTimeOffset At, string? EventId = null, long UpTo = 0);
