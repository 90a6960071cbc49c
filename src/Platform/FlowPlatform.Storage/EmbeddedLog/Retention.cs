using FlowPlatform.Log;
using FlowPlatform.Storage.Sqlite;

namespace FlowPlatform.Storage.EmbeddedLog;

/// <summary>Deletes whole chunks from a partition's head, never the last one, as the stream's definition says. Works with each append, as the broker's does with each segment.</summary>
internal sealed class Retention
{
    // A change of the clock can make much old at once: what is left over goes with the next appends.
    private const int MostAtOnce = 1_000;
    private readonly StreamDefinition definition;
    private readonly Statement oldest;
    private readonly Statement delete;

    public Retention(LogConnection connection, StreamDefinition definition)
    {
        this.definition = definition;
        oldest = connection.Prepare("SELECT rowid, length(data), stored_at FROM chunk WHERE partition = ?1 ORDER BY last_offset LIMIT 2");
        delete = connection.Prepare("DELETE FROM chunk WHERE rowid = ?1");
    }

    /// <summary>Deletes what is due, in the transaction of an append.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="bytes">Size of its chunks.</param>
    /// <param name="now">Unix time in ms.</param>
    /// <returns>Bytes deleted.</returns>
    public long Apply(int partition, long bytes, long now)
    {
        var deleted = 0L;
        if (definition.MaxAge is null && definition.MaxBytes is null)
        {
            return deleted;
        }

        for (var count = 0; count < MostAtOnce && Oldest(partition) is { } chunk && IsDue(bytes - deleted, now - chunk.StoredAt); count++)
        {
            delete.With(1, chunk.Row).Run();
            deleted += chunk.Bytes;
        }

        return deleted;
    }

    private bool IsDue(long bytes, long age) =>
        (definition.MaxBytes is { } most && bytes > most) || (definition.MaxAge is { } oldestAge && age > oldestAge.TotalMilliseconds);

    /// <summary>Null if only one is left.</summary>
    private (long Row, long Bytes, long StoredAt)? Oldest(int partition)
    {
        try
        {
            oldest.With(1, partition).Step();
            var found = (oldest.Long(0), oldest.Long(1), oldest.Long(2));
            return oldest.Step() ? found : null;
        }
        finally
        {
            oldest.Reset();
        }
    }
}
