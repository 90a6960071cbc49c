using FlowPlatform.Chaos.Checking;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.EndToEnd.Tests.Harness;

public sealed class StoreCopyTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Through a link that SQLite would resolve, as it does that of another mount namespace.</summary>
    [Fact]
    public async Task A_copy_has_what_is_committed_while_its_owner_goes_on()
    {
        using var folder = new TemporaryDirectory();
        var file = Path.Combine(folder.Path, "main.db");
        await using var owner = await OpenAsync(file);
        await ExecuteAsync(owner, "PRAGMA journal_mode = WAL; CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (1)");
        await ExecuteAsync(owner, "PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO t VALUES (2)");
        await ExecuteAsync(owner, "BEGIN IMMEDIATE; INSERT INTO t VALUES (4)");

        var copies = Path.Combine(folder.Path, "copies");
        (await SumAsync(await StoreCopy.MakeAsync(file, copies, Token))).ShouldBe(3);

        // Where an older copy lies, nothing of it is left, whether or not there is a log.
        await ExecuteAsync(owner, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
        (await SumAsync(await StoreCopy.MakeAsync(file, copies, Token))).ShouldBe(7);
        await owner.CloseAsync();
        File.Exists($"{file}-wal").ShouldBeFalse();
        (await SumAsync(await StoreCopy.MakeAsync(file, copies, Token))).ShouldBe(7);
    }

    private static async Task<long> SumAsync(string file)
    {
        await using var copy = await OpenAsync(file);
        await using var command = copy.CreateCommand();
        command.CommandText = "SELECT sum(x) FROM t";
        return (long)(await command.ExecuteScalarAsync(Token))!;
    }

    private static async Task<SqliteConnection> OpenAsync(string file)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        await connection.OpenAsync(Token);
        return connection;
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // A constant above.
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(Token);
    }
}
