using FlowPlatform.Consumers;
using FlowPlatform.Log;

namespace FlowPlatform.Telemetry;

/// <summary>Which records of a batch are history to their consumer: those that the log had already when it attached. Costs nothing once all partitions have caught up.</summary>
internal readonly struct ReplayedPartitions
{
    private readonly List<PartitionCursor>? cursors;

    /// <summary>Looks before the batch is committed.</summary>
    public ReplayedPartitions(IReadOnlyCollection<PartitionCursor> touched)
    {
        foreach (var cursor in touched)
        {
            if (cursor.Committed.NextOffset <= cursor.ReplayTo)
            {
                (cursors ??= []).Add(cursor);
            }
        }
    }

    public bool Any => cursors is not null;

    public bool Has(in LogRecord record)
    {
        if (cursors is not null)
        {
            foreach (var cursor in cursors)
            {
                if (cursor.Partition == record.Partition)
                {
                    return record.Offset <= cursor.ReplayTo;
                }
            }
        }

        return false;
    }
}
