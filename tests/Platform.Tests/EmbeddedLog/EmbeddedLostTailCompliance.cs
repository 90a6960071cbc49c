using Dapper;
using FlowPlatform.Log;
using FlowPlatform.Storage.EmbeddedLog;
using FlowPlatform.Tests.Compliance;
using FlowPlatform.Tests.Support;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Tests.EmbeddedLog;

/// <summary>A file that is replaced by its own past, as after a power cut or by a restored backup, while it is open.</summary>
public sealed class EmbeddedLostTailCompliance : LostTailCompliance
{
    private readonly TemporaryDirectory directory = new();

    protected override ValueTask<IEventLog> StartAsync() => ValueTask.FromResult<IEventLog>(new EmbeddedEventLog(directory.Path, TimeProvider.System));

    protected override ValueTask StopAsync()
    {
        directory.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask<Func<Task>> RememberAsync(PartitionId partition)
    {
        var file = Path.Combine(directory.Path, $"{partition.Stream}.stream.db");
        var copy = Path.Combine(directory.Path, "copy.db");
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        await connection.ExecuteAsync("VACUUM INTO @copy", new { copy });
        return () =>
        {
            File.Delete($"{file}-wal");
            File.Delete($"{file}-shm");
            File.Move(copy, file, overwrite: true);
            return Task.CompletedTask;
        };
    }
}
