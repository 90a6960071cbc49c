using Dapper;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Log;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Dashboard.Streams;

/// <summary>Reads samples, each question from one snapshot and within a time limit. Safe for concurrent use.</summary>
internal sealed class HistoryReader(TelemetryRuns runs, TimeProvider clock)
{
    /// <summary>Steps of a course; a sparkline has no more pixels to show them.</summary>
    public const int Steps = 60;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>How positions, lag and offsets went, from a time until now in <see cref="Steps"/> steps of equal length.</summary>
    /// <exception cref="TelemetryQueryException">It took too long, or can't be read.</exception>
    public async Task<FlowHistory> ReadAsync(TimeSpan back, CancellationToken cancellationToken)
    {
        var to = clock.GetUtcNow();
        var (from, step) = ((to - back).ToUnixTimeMilliseconds(), Math.Max(1, (long)(back.TotalMilliseconds / Steps)));
        var arguments = new { from, step, last = Steps - 1 };
        return await AskAsync(runs.Current, connection => new FlowHistory(
            from,
            step,
            Courses<ConsumerStep, (string, string, string, int)>(connection, ConsumerSql, arguments, static row => (row.Service, row.Consumer, row.Stream, (int)row.Partition)),
            Courses<PartitionStep, PartitionId>(connection, PartitionSql, arguments, static row => new PartitionId(row.Stream, (int)row.Partition)),
            Courses<ServiceStep, string>(connection, ServiceSql, arguments, static row => row.Service)), cancellationToken) ?? FlowHistory.None;
    }

    /// <summary>
    /// Who has applied an event, and between which samples: the last one at which a consumer's position was not past the offset, and the first at which it was. Both from after the event was stored, so that a log that was read again
    /// earlier doesn't count. Looked for in the current run; a consumer that was past it when the run began has no first time.
    /// </summary>
    /// <exception cref="TelemetryQueryException">It took too long, or can't be read.</exception>
    public async Task<IReadOnlyList<AppliedBetween>> AppliedAsync(PartitionId partition, long offset, DateTimeOffset stored, CancellationToken cancellationToken) =>
        await AskAsync(runs.Current, connection => connection.Query<AppliedRow>(
            """
            SELECT c.service AS Service, c.consumer AS Consumer,
                (SELECT min(s.time) FROM consumer_sample s WHERE s.consumer = c.id AND s.time >= @stored AND s.position > @offset) AS Until,
                (SELECT max(b.time) FROM consumer_sample b WHERE b.consumer = c.id AND b.position <= @offset AND b.time < coalesce(
                    (SELECT min(s.time) FROM consumer_sample s WHERE s.consumer = c.id AND s.time >= @stored AND s.position > @offset), 9223372036854775807)) AS Since
            FROM consumer c WHERE c.stream = @stream AND c.partition = @index ORDER BY c.service, c.consumer
            """,
            new { stream = partition.Stream, index = partition.Index, offset, stored = stored.ToUnixTimeMilliseconds() })
            .Select(row => row.ToApplied(stored)).ToList(), cancellationToken) ?? [];

    private async Task<T?> AskAsync<T>(TelemetryRun run, Func<SqliteConnection, T> ask, CancellationToken cancellationToken)
        where T : class
    {
        using var limit = new CancellationTokenSource(Limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await Task.Run(() => Ask(run, ask, either.Token), either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TelemetryQueryException($"The history of streams takes longer than {Limit.TotalSeconds:0} s. Ask for a shorter time.", run.Name);
        }
    }

    private static T? Ask<T>(TelemetryRun run, Func<SqliteConnection, T> ask, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            using var connection = HistoryFile.OpenReader(run);
            if (connection is null)
            {
                return null;
            }

            var handle = connection.Handle!;
            using var interrupting = cancellationToken.Register(() => SQLitePCL.raw.sqlite3_interrupt(handle));
            using var transaction = connection.BeginTransaction(deferred: true);
            return ask(connection);
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_INTERRUPT)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (SqliteException e)
        {
            throw new TelemetryQueryException($"The history of streams can't be read: {e.Message}", run.Name, e);
        }
    }

    private static Dictionary<TKey, IReadOnlyList<TRow>> Courses<TRow, TKey>(SqliteConnection connection, string sql, object arguments, Func<TRow, TKey> keyOf)
        where TKey : notnull =>
        connection.Query<TRow>(sql, arguments).GroupBy(keyOf).ToDictionary(static course => course.Key, static course => (IReadOnlyList<TRow>)[.. course]);

    private const string ConsumerSql =
        """
        SELECT c.service AS Service, c.consumer AS Consumer, c.stream AS Stream, c.partition AS Partition, min((s.time - @from) / @step, @last) AS Step, max(s.time) AS Time,
            max(s.position) AS Position, max(s.mark) AS Mark, max(s.lag) AS Lag, max(s.delay) AS Delay
        FROM consumer c JOIN consumer_sample s ON s.consumer = c.id AND s.time >= @from GROUP BY c.id, min((s.time - @from) / @step, @last) ORDER BY c.id, Step
        """;

    private const string PartitionSql =
        """
        SELECT p.stream AS Stream, p.partition AS Partition, min((s.time - @from) / @step, @last) AS Step, max(s.time) AS Time, max(s.last) AS Last
        FROM partition p JOIN partition_sample s ON s.partition = p.id AND s.time >= @from GROUP BY p.id, min((s.time - @from) / @step, @last) ORDER BY p.id, Step
        """;

    private const string ServiceSql =
        """
        SELECT v.name AS Service, min((s.time - @from) / @step, @last) AS Step, max(s.outbox) AS Outbox, max(s.parked) AS Parked, max(s.lag) AS Lag
        FROM service v JOIN service_sample s ON s.service = v.id AND s.time >= @from GROUP BY v.id, min((s.time - @from) / @step, @last) ORDER BY v.id, Step
        """;

    private sealed class AppliedRow
    {
        public string Service { get; init; } = "";

        public string Consumer { get; init; } = "";

        public long? Since { get; init; }

        public long? Until { get; init; }

        public AppliedBetween ToApplied(DateTimeOffset stored)
        {
            // Before it was stored nobody can have applied it.
            var since = Since is { } known ? Max(DateTimeOffset.FromUnixTimeMilliseconds(known), stored) : (DateTimeOffset?)null;
            return new(Service, Consumer, since, Until is { } until ? DateTimeOffset.FromUnixTimeMilliseconds(until) : null);
        }

        private static DateTimeOffset Max(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
    }
}
