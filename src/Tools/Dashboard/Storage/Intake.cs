using System.Collections.Concurrent;

namespace FlowPlatform.Dashboard.Storage;

/// <summary>What became of something that came in.</summary>
internal enum Outcome
{
    /// <summary>It is kept.</summary>
    Kept,

    /// <summary>It came when too much was waiting, and was refused, to be sent again.</summary>
    QueueFull,

    /// <summary>The request is no OTLP message, or too large. How many items it had is not known.</summary>
    Malformed,

    /// <summary>An item without valid ids or without a value.</summary>
    Invalid,

    /// <summary>A span beyond what is kept of one trace.</summary>
    TraceTooLarge,

    /// <summary>A point of a time series beyond the number that is kept.</summary>
    TooManySeries,

    /// <summary>It could not be written, by the disk's or the file's fault.</summary>
    NotWritten,

    /// <summary>The request had no key, or a wrong one.</summary>
    Unauthenticated,
}

/// <summary>Items (spans, log records, points) and requests.</summary>
internal readonly record struct IntakeCount(long Items, long Requests)
{
    public static IntakeCount operator +(IntakeCount left, IntakeCount right) => new(left.Items + right.Items, left.Requests + right.Requests);
}

/// <summary>Counts what came in of one signal, and what became of it. Safe for concurrent use.</summary>
internal sealed class Intake
{
    private readonly ConcurrentDictionary<Outcome, IntakeCount> unsaved = [];

    public void Add(Outcome outcome, long items, long requests = 0)
    {
        if (items > 0 || requests > 0)
        {
            unsaved.AddOrUpdate(outcome, static (_, added) => added, static (_, sum, added) => sum + added, new IntakeCount(items, requests));
        }
    }

    /// <summary>Takes what was counted since the last call, to be written.</summary>
    public IReadOnlyList<(Outcome Outcome, IntakeCount Count)> TakeUnsaved()
    {
        var taken = new List<(Outcome, IntakeCount)>();
        foreach (var outcome in unsaved.Keys)
        {
            if (unsaved.TryRemove(outcome, out var count))
            {
                taken.Add((outcome, count));
            }
        }

        return taken;
    }

    /// <summary>Puts back what could not be written.</summary>
    public void PutBack(IReadOnlyList<(Outcome Outcome, IntakeCount Count)> counts)
    {
        foreach (var (outcome, count) in counts)
        {
            Add(outcome, count.Items, count.Requests);
        }
    }
}
