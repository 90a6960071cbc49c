using Microsoft.Data.Sqlite;

namespace FlowPlatform.Chaos.Faults;

/// <summary>A write transaction on somebody else's SQLite store, as a backup or a forgotten shell might hold it.</summary>
internal sealed class StoreLock : IAsyncDisposable
{
    private const int BusySeconds = 5;
    private readonly SqliteConnection connection;

    private StoreLock(SqliteConnection connection) => this.connection = connection;

    /// <summary>The lock; null if the store never let go of it.</summary>
    public static async Task<StoreLock?> TakeAsync(string file, CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadWrite, Pooling = false, DefaultTimeout = BusySeconds }.ToString());
        try
        {
            await connection.OpenAsync(cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "BEGIN IMMEDIATE";
            await command.ExecuteNonQueryAsync(cancellationToken);
            return new StoreLock(connection);
        }
        catch (SqliteException)
        {
            await connection.DisposeAsync();
            return null;
        }
    }

    /// <summary>The transaction ends with its connection; nothing was written in it.</summary>
    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
