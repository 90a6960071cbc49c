using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Consumers;

/// <summary>
/// The parked keys of one partition in memory, as the database has them: changed by the owner's loop alone, after each commit. So it costs a batch one look whether there is any.
/// Other threads only read <see cref="Total"/> and <see cref="LastFailure"/>.
/// </summary>
internal sealed class ParkedKeys(IReadOnlyList<ParkedKey> parked, IReadOnlySet<string> discarded)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, State> keys = parked.ToDictionary(key => key.Place.Key, key => new State(key.Since, key.Events, key.Appended), StringComparer.Ordinal);
    private readonly HashSet<string> discarded = new(discarded, StringComparer.Ordinal);

    /// <summary>True if some key is parked.</summary>
    public bool Any => keys.Count > 0;

    /// <summary>True if some events are not simply applied.</summary>
    public bool Sorts => keys.Count > 0 || discarded.Count > 0;

    /// <summary>False until the requests that were made before the partition was attached are executed: new events come after them. Once nothing is parked there are none.</summary>
    public bool Served
    {
        get => field || keys.Count == 0;
        set;
    }
    = parked.Count == 0;

    /// <summary>Why an event was parked last, since this process attached; null if none was.</summary>
    public PoisonEventException? LastFailure { get; private set; }

    /// <summary>What is parked, and since when the oldest key is; safe to call from anywhere.</summary>
    public (int Keys, long Events, DateTimeOffset? Oldest) Total
    {
        get
        {
            lock (gate)
            {
                return keys.Count == 0 ? (0, 0, null) : (keys.Count, keys.Values.Sum(state => state.Events), keys.Values.Min(state => state.Since));
            }
        }
    }

    /// <summary>True if events of the key wait.</summary>
    public bool Holds(string key) => keys.ContainsKey(key);

    /// <summary>True if the event was given up.</summary>
    public bool Skips(string eventId) => discarded.Contains(eventId);

    /// <summary>The place in the key's queue that is free next.</summary>
    public long Next(string key) => keys[key].Appended + 1;

    /// <summary>The transaction that parked an event has committed.</summary>
    public void Add(string key, DateTimeOffset now, PoisonEventException failure)
    {
        lock (gate)
        {
            keys.Add(key, new State(now, 1, 1));
            LastFailure = failure;
        }
    }

    /// <summary>The transaction that let events wait has committed.</summary>
    public void Hold(IReadOnlyList<NumberedRecord> records)
    {
        lock (gate)
        {
            foreach (var (number, record) in records)
            {
                var state = keys[record.Event.Key];
                keys[record.Event.Key] = state with { Events = state.Events + 1, Appended = number };
            }
        }
    }

    /// <summary>The transaction that removed events has committed.</summary>
    public void Remove(string key, int events, bool emptied, IEnumerable<string>? given = null)
    {
        lock (gate)
        {
            if (emptied)
            {
                keys.Remove(key);
            }
            else
            {
                keys[key] = keys[key] with { Events = keys[key].Events - events };
            }

            discarded.UnionWith(given ?? []);
        }
    }

    /// <summary>The key was redriven in vain.</summary>
    public void Fail(PoisonEventException failure)
    {
        lock (gate)
        {
            LastFailure = failure;
        }
    }

    private readonly record struct State(DateTimeOffset Since, long Events, long Appended);
}
