using FlowPlatform.Log;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Storage.EmbeddedLog;

/// <summary>What a fault of the file means for the user of the log.</summary>
internal static class EmbeddedErrors
{
    // SQLite's result codes.
    private const int Error = 1;
    private const int Corrupt = 11;
    private const int NotADatabase = 26;

    /// <summary>Damage is for good; everything else (locked, full, unreadable, no memory) passes by itself or once somebody has made room.</summary>
    public static FlowException Translate(SqliteException fault, PartitionId partition, long offset = 0) => fault.SqliteErrorCode switch
    {
        Error or Corrupt or NotADatabase => new LogCorruptException(partition, offset, $"the log's file is damaged, or is none. {fault.Message}", fault),
        _ => new EventLogUnavailableException($"{partition}: the log's file can't be used. {fault.Message}", fault),
    };

    public static bool IsOfTheDisk(Exception fault) => fault is IOException or UnauthorizedAccessException;
}
