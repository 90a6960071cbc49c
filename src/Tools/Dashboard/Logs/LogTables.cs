using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Storage.Sqlite;

namespace FlowPlatform.Dashboard.Logs;

/// <summary>Writes log records.</summary>
internal sealed class LogTables(SignalConnection connection) : ISignalTables<LogExport>
{
    /// <summary>Records that one step of trimming deletes.</summary>
    private const int TrimRecords = 5_000;

    private readonly Origins origins = new(connection);

    private readonly Statement add = connection.Prepare(
        """
        INSERT INTO log (received, time, severity, level, resource, scope, trace_id, span_id, event, body, attributes, not_kept)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        """);

    private readonly Statement oldest = connection.Prepare("SELECT id, received FROM log ORDER BY id LIMIT ?1");

    private readonly Statement trim = connection.Prepare("DELETE FROM log WHERE id <= ?1");

    /// <inheritdoc />
    public void Write(LogExport export, long now, Action<Outcome, int> count)
    {
        foreach (var row in export.Records)
        {
            // A clock that is ahead must not keep a record at the top for ever.
            var time = row.Time == 0 ? now : Math.Min(row.Time, now);
            add.With(1, now).With(2, time).With(3, row.Severity).With(4, row.Level).With(5, origins.IdOf(row.Resource, now)).With(6, origins.IdOf(row.Scope)).With(10, row.Body).With(11, row.Attributes).With(12, row.NotKept);
            _ = row.TraceId is { } trace ? add.With(7, trace.ToBytes()) : add.WithNull(7);
            _ = row.SpanId is { } span ? add.With(8, span.Signed) : add.WithNull(8);
            _ = row.Event is { } name ? add.With(9, name) : add.WithNull(9);
            add.Run();
        }

        count(Outcome.Kept, export.Records.Count);
    }

    /// <inheritdoc />
    public bool TrimOldest(long receivedBefore)
    {
        long? end = null;
        oldest.With(1, TrimRecords);
        while (oldest.Step())
        {
            if (oldest.Long(1) >= receivedBefore)
            {
                oldest.Reset();
                break;
            }

            end = oldest.Long(0);
        }

        if (end is null)
        {
            return false;
        }

        trim.With(1, end.Value).Run();
        oldest.With(1, 1);
        if (oldest.Step())
        {
            var kept = oldest.Long(1);
            oldest.Reset();
            origins.ForgetBefore(kept);
        }

        return true;
    }

    /// <inheritdoc />
    public void Reset() => origins.Reset();
}
