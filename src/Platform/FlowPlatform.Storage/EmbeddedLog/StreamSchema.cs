using System.Globalization;
using Dapper;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Storage.EmbeddedLog;

/// <summary>What a stream's file says of itself.</summary>
internal static class StreamSchema
{
    private const int Version = 1;

    /// <summary>Makes the tables unless they are there. Processes that do so at once wait for one another.</summary>
    public static void Create(SqliteConnection connection, StreamDefinition definition)
    {
        connection.Execute("BEGIN IMMEDIATE");
        try
        {
            if (connection.QuerySingle<int>("PRAGMA user_version") == 0)
            {
                connection.Execute(EmbeddedMigrations.Of(typeof(StreamSchema).Assembly, "embedded-log").Single().Sql);
                connection.Execute(
                    "INSERT INTO stream (id, partitions, max_age_ms, max_bytes, segment_bytes) VALUES (@id, @Partitions, @age, @MaxBytes, @SegmentBytes)",
                    new { id = Guid.NewGuid().ToString(), definition.Partitions, age = Milliseconds(definition.MaxAge), definition.MaxBytes, definition.SegmentBytes });
                connection.Execute("INSERT INTO partition (number) VALUES (@Index)", definition.PartitionIds.Select(partition => new { partition.Index }));
                connection.Execute($"PRAGMA user_version = {Version}");
            }

            connection.Execute("COMMIT");
        }
        catch (SqliteException)
        {
            connection.Execute("ROLLBACK");
            throw;
        }
    }

    /// <summary>The stream as it was defined; null if the file is still empty.</summary>
    /// <exception cref="LogCorruptException">The file is another version's, or something else.</exception>
    public static StreamDefinition? Read(SqliteConnection connection, string stream)
    {
        var version = connection.QuerySingle<int>("PRAGMA user_version");
        if (version == 0 && connection.QuerySingle<int>("SELECT count(*) FROM sqlite_schema") == 0)
        {
            return null;
        }

        if (version != Version)
        {
            throw new LogCorruptException(
                new PartitionId(stream, 0), 0, string.Create(CultureInfo.InvariantCulture, $"the file {connection.DataSource} has format {version}; this program knows {Version}. Run the version that wrote it, or take the file away: then its producers and readers begin anew, too."));
        }

        var row = connection.QuerySingle<Row>("SELECT partitions, max_age_ms AS MaxAge, max_bytes AS MaxBytes, segment_bytes AS SegmentBytes FROM stream");
        return new StreamDefinition(stream, row.Partitions)
        {
            MaxAge = row.MaxAge is { } age ? TimeSpan.FromMilliseconds(age) : null,
            MaxBytes = row.MaxBytes,
            SegmentBytes = row.SegmentBytes,
        };
    }

    /// <exception cref="StreamDefinitionException">The bounds of retention make no sense, or what is there is defined otherwise.</exception>
    public static void Check(StreamDefinition wanted, StreamDefinition? there)
    {
        StreamDefinitionException Wrong(string text) => new(wanted.Name, $"Stream '{wanted.Name}' {text}");
        if (wanted.MaxAge is { } age && age < TimeSpan.FromSeconds(1))
        {
            throw Wrong($"has a {nameof(wanted.MaxAge)} of {age}; at least one second is needed.");
        }

        if (wanted.MaxBytes is <= 0 || wanted.SegmentBytes <= 0)
        {
            throw Wrong($"has {nameof(wanted.MaxBytes)} {wanted.MaxBytes:N0} and {nameof(wanted.SegmentBytes)} {wanted.SegmentBytes:N0}; at least 1 is needed.");
        }

        if (there is not null && there.Partitions != wanted.Partitions)
        {
            throw Wrong($"has {there.Partitions} partitions and is defined with {wanted.Partitions}. The number is fixed; to grow, use a new stream.");
        }

        if (there is not null && (Milliseconds(there.MaxAge), there.MaxBytes, there.SegmentBytes) != (Milliseconds(wanted.MaxAge), wanted.MaxBytes, wanted.SegmentBytes))
        {
            throw Wrong("exists with other retention than it is defined with now. It can't be changed; use a new stream.");
        }
    }

    private static long? Milliseconds(TimeSpan? age) => age is { } given ? (long)given.TotalMilliseconds : null;

    private sealed class Row
    {
        public int Partitions { get; init; }

        public long? MaxAge { get; init; }

        public long? MaxBytes { get; init; }

        public long SegmentBytes { get; init; }
    }
}
