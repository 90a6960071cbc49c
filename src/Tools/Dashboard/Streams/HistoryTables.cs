using Dapper;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Dashboard.Streams;

/// <summary>Writes samples. Not safe for concurrent use.</summary>
internal sealed class HistoryTables(SqliteConnection connection)
{
    /// <summary>What doesn't change is written that often, in milliseconds.</summary>
    private const long Quiet = 10_000;

    /// <summary>Rows that one step of trimming deletes of a table.</summary>
    private const int TrimRows = 20_000;

    private static readonly string[] Tables = ["consumer_sample", "partition_sample", "service_sample"];
    private readonly Dictionary<object, long> ids = [];
    private readonly Dictionary<(string Table, long Id), Seen> seen = [];

    public SqliteTransaction? Transaction { get; set; }

    public void Write(ServiceReading reading, IEnumerable<ConsumerRow> rows)
    {
        var (flow, service, time) = (reading.Flow!, reading.Address.Service, reading.At.ToUnixTimeMilliseconds());
        foreach (var row in rows)
        {
            var status = row.Status;
            var id = IdOf((service, status.Consumer, status.Stream, status.Partition), "consumer", "service, consumer, stream, partition", new { a = service, b = status.Consumer, c = status.Stream, d = status.Partition }, "@a, @b, @c, @d");
            Keep("consumer_sample", id, time, [status.Position, status.Mark, status.Lag, status.DelaySeconds, status.Parked?.Keys ?? 0], "consumer, position, mark, lag, delay, parked");
        }

        // Of several replicas the one that publishes knows the outbox.
        if (reading.Address.Index == 0)
        {
            var id = IdOf(service, "service", "name", new { a = service }, "@a");
            Keep("service_sample", id, time, [flow.Outbox.Depth, flow.Outbox.Commands, flow.Parked, flow.Consumers.Sum(static row => row.Lag ?? 0)], "service, outbox, commands, parked, lag");
        }
    }

    public void Write(PartitionReading reading)
    {
        var id = IdOf((reading.Stream, reading.Partition), "partition", "stream, partition", new { a = reading.Stream, b = reading.Partition }, "@a, @b");
        Keep("partition_sample", id, reading.At.ToUnixTimeMilliseconds(), [reading.First, reading.Last], "partition, first, last");
    }

    /// <summary>What was taken for written may not be.</summary>
    public void Forget()
    {
        ids.Clear();
        seen.Clear();
    }

    /// <summary>Deletes what is too old, and the oldest tenth of what is too much.</summary>
    public void Trim(DateTimeOffset before, long maxBytes)
    {
        var used = connection.ExecuteScalar<long>("SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count)") * connection.ExecuteScalar<long>("PRAGMA page_size");
        foreach (var table in Tables)
        {
            var time = before.ToUnixTimeMilliseconds();
            while (connection.Execute($"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY id LIMIT {TrimRows}) AND time < @time", new { time }) == TrimRows)
            {
            }

            if (used > maxBytes)
            {
                connection.Execute($"DELETE FROM {table} WHERE id <= (SELECT min(id) + (max(id) - min(id)) / 10 FROM {table})");
            }
        }
    }

    private void Keep(string table, long id, long time, object?[] values, string columns)
    {
        var known = seen.TryGetValue((table, id), out var last);
        var same = known && last.Values.AsSpan().SequenceEqual(values);
        if (same && time - last.Written < Quiet)
        {
            seen[(table, id)] = last with { Time = time };
            return;
        }

        if (known && !same && last.Time > last.Written)
        {
            Insert(table, id, last.Time, last.Values, columns);
        }

        Insert(table, id, time, values, columns);
        seen[(table, id)] = new Seen(time, time, values);
    }

    /// <summary>The names of tables and columns are from this file.</summary>
    private void Insert(string table, long id, long time, object?[] values, string columns)
    {
        var parameters = new DynamicParameters(new { time, id });
        for (var index = 0; index < values.Length; index++)
        {
            parameters.Add($"v{index}", values[index]);
        }

        connection.Execute($"INSERT INTO {table} (time, {columns}) VALUES (@time, @id, {string.Join(", ", values.Select(static (_, index) => $"@v{index}"))})", parameters, Transaction);
    }

    private long IdOf(object key, string table, string columns, object values, string parameters)
    {
        if (!ids.TryGetValue(key, out var id))
        {
            connection.Execute($"INSERT INTO {table} ({columns}) VALUES ({parameters}) ON CONFLICT DO NOTHING", values, Transaction);
            id = ids[key] = connection.ExecuteScalar<long>($"SELECT id FROM {table} WHERE ({columns}) = ({parameters})", values, Transaction);
        }

        return id;
    }

    /// <param name="Written">When it was last written.</param>
    /// <param name="Time">When it was last seen.</param>
    /// <param name="Values">What was seen.</param>
    private readonly record struct Seen(long Written, long Time, object?[] Values);
}
