using System.Runtime.CompilerServices;
using Dapper;
using FlowPlatform.Dashboard.Storage;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Dashboard.Logs;

/// <summary>Shows log records as they come. Safe for concurrent use.</summary>
internal sealed class LogTail(TelemetryReader reader, TelemetryRuns runs, [FromKeyedServices(Signal.Logs)] ISignalState logs, TimeProvider clock)
{
    /// <summary>Records of one part; nobody reads more.</summary>
    private const int MaxPart = 200;

    /// <summary>Records that are looked at for one part. What came in since the last look beyond that is skipped.</summary>
    private const int MaxLooked = 20_000;

    /// <summary>Shortest time between two parts.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// What comes from now on of the current run, until it is cancelled. Whoever is slow, or is sent more than can be read, is told how much was skipped, and nobody waits for him.
    /// </summary>
    /// <param name="filter">Which records; its times are ignored.</param>
    /// <param name="after">Begins after this record; null: after the newest.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="TelemetryQueryException">It took too long.</exception>
    public async IAsyncEnumerable<LogTailPart> FollowAsync(LogFilter filter, long? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var written = logs.Written.Next;
        var last = after ?? await reader.ReadAsync(runs.Current, Signal.Logs, static connection => connection.ExecuteScalar<long>("SELECT coalesce(max(id), 0) FROM log"), cancellationToken);
        while (true)
        {
            var (part, end) = await reader.ReadAsync(runs.Current, Signal.Logs, connection => Read(connection, filter, last), cancellationToken);
            last = end;
            if (part.Entries.Count > 0 || part.Skipped > 0)
            {
                yield return part;
            }

            await Task.Delay(Interval, clock, cancellationToken);
            await written.WaitAsync(cancellationToken);
            written = logs.Written.Next;
        }
    }

    private static (LogTailPart Part, long Last) Read(SqliteConnection connection, LogFilter filter, long last)
    {
        var (conditions, parameters) = LogSql.Conditions(filter);
        var end = connection.ExecuteScalar<long>("SELECT coalesce(max(id), 0) FROM log");
        var from = Math.Max(last, end - MaxLooked);
        parameters.Add("from", from);
        parameters.Add("limit", MaxPart + 1);
        // The newest of what matches: who watches wants to see what is, not what was.
        var rows = connection.Query<LogSql.Row>($"WITH l AS (SELECT * FROM log WHERE id > @from) {LogSql.Columns} {conditions} ORDER BY l.id DESC LIMIT @limit", parameters).AsList();
        var more = rows.Count > MaxPart ? rows[MaxPart].Id - from : 0;
        return (new LogTailPart([.. rows.Take(MaxPart).Reverse().Select(static row => row.ToEntry())], from - last + more), Math.Max(last, end));
    }
}
