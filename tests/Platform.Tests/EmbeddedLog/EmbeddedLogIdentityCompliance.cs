using Dapper;
using FlowPlatform.Log;
using FlowPlatform.Storage.EmbeddedLog;
using FlowPlatform.Tests.Compliance;
using FlowPlatform.Tests.Support;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Tests.EmbeddedLog;

/// <summary>A stream is a file, which is deleted, replaced and edited while it is open.</summary>
public sealed class EmbeddedLogIdentityCompliance : LogIdentityCompliance, IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly TemporaryDirectory other = new();

    public void Dispose()
    {
        directory.Dispose();
        other.Dispose();
    }

    protected override ValueTask<IEventLog> OpenAsync() => ValueTask.FromResult<IEventLog>(new EmbeddedEventLog(directory.Path, TimeProvider.System));

    protected override ValueTask<IEventLog> OpenOtherAsync() => ValueTask.FromResult<IEventLog>(new EmbeddedEventLog(other.Path, TimeProvider.System));

    protected override async ValueTask<Func<Task>> RememberAsync(PartitionId partition)
    {
        var past = await CopyAsync(partition.Stream, "");
        return () =>
        {
            Replace(partition.Stream, past);
            return Task.CompletedTask;
        };
    }

    protected override Task DeleteAsync(StreamDefinition definition)
    {
        foreach (var file in Directory.EnumerateFiles(directory.Path, $"{definition.Name}.stream.db*"))
        {
            File.Delete(file);
        }

        return Task.CompletedTask;
    }

    protected override async Task AddPartitionAsync(StreamDefinition definition) => Replace(
        definition.Name, await CopyAsync(definition.Name, $"UPDATE stream SET partitions = partitions + 1; INSERT INTO partition (number) VALUES ({definition.Partitions})"));

    protected override async Task RemovePartitionAsync(StreamDefinition definition) => Replace(
        definition.Name, await CopyAsync(definition.Name, $"UPDATE stream SET partitions = partitions - 1; DELETE FROM partition WHERE number = {definition.Partitions}"));

    /// <summary>A copy of the stream's file, changed.</summary>
    private async Task<string> CopyAsync(string stream, string change)
    {
        var copy = Path.Combine(directory.Path, $"{Guid.NewGuid():N}.copy");
        await OnFileAsync(FileOf(stream), connection => connection.ExecuteAsync("VACUUM INTO @copy", new { copy }));
        if (change.Length > 0)
        {
            await OnFileAsync(copy, connection => connection.ExecuteAsync(change));
        }

        return copy;
    }

    private void Replace(string stream, string copy)
    {
        File.Delete($"{FileOf(stream)}-wal");
        File.Delete($"{FileOf(stream)}-shm");
        File.Move(copy, FileOf(stream), overwrite: true);
    }

    private string FileOf(string stream) => Path.Combine(directory.Path, $"{stream}.stream.db");

    private static async Task OnFileAsync(string file, Func<SqliteConnection, Task> use)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        await use(connection);
    }
}
