using Dapper;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Tests.Support;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Tests.Storage;

public sealed class StatementCacheTests : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private SqliteConnection connection = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        connection = await new SqliteConnections(Path.Combine(directory.Path, "some.db"), durable: false).OpenWriterAsync(Cancel);
        await connection.ExecuteAsync("CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT)");
        await connection.ExecuteAsync("INSERT INTO thing (id, name) VALUES (@Id, @Name)", Enumerable.Range(1, 300).Select(id => new { Id = id, Name = $"thing {id}" }));
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task A_cached_statement_is_run_with_each_callers_own_parameters()
    {
        foreach (var id in Enumerable.Range(1, 50))
        {
            (await connection.QuerySingleAsync<string>("SELECT name FROM thing WHERE id = @id", new { id })).ShouldBe($"thing {id}");
        }
    }

    [Fact]
    public void A_statement_is_prepared_once_and_the_one_unused_for_longest_is_forgotten()
    {
        List<string> forgotten = [];
        using var statements = new StatementCache(connection);
        var first = Used("SELECT 1");
        Used("SELECT 1").ShouldBeSameAs(first);
        for (var number = 2; number <= 128; number++)
        {
            Used($"SELECT {number}");
        }

        Used("SELECT 1").ShouldBeSameAs(first);
        var second = Used("SELECT 2");
        Used("SELECT 129");
        Used("SELECT 130");
        Used("SELECT 1").ShouldBeSameAs(first);
        Used("SELECT 2").ShouldBeSameAs(second);
        forgotten.ShouldBe(["SELECT 3", "SELECT 4"]);

        SqliteCommand Used(string text)
        {
            var command = statements.Rent(text);
            command.Disposed += (_, _) => forgotten.Add(text);
            command.ExecuteScalar();
            statements.Return(command);
            return command;
        }
    }

    [Fact]
    public async Task A_statement_that_is_being_read_can_be_run_again_meanwhile()
    {
        await using var outer = await connection.ExecuteReaderAsync("SELECT id FROM thing WHERE id < 4 ORDER BY id");
        List<long> seen = [];
        while (await outer.ReadAsync(Cancel))
        {
            seen.Add(outer.GetInt64(0));
            (await connection.QueryAsync<long>("SELECT id FROM thing WHERE id < 4 ORDER BY id")).ShouldBe([1, 2, 3]);
        }

        seen.ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task A_parameter_that_is_missing_is_not_taken_from_the_call_before()
    {
        await connection.QuerySingleAsync<string>("SELECT name FROM thing WHERE id = @id", new { id = 1 });
        await Should.ThrowAsync<InvalidOperationException>(() => connection.QuerySingleAsync<string>("SELECT name FROM thing WHERE id = @id"));
    }

    [Fact]
    public async Task More_statements_than_are_kept_give_the_right_rows()
    {
        foreach (var length in Enumerable.Range(1, 300))
        {
            (await connection.QueryAsync<long>("SELECT id FROM thing WHERE id IN @ids", new { ids = Enumerable.Range(1, length) })).Count().ShouldBe(length);
        }
    }

    [Fact]
    public async Task A_statement_outlives_a_change_of_the_schema_and_a_rolled_back_transaction()
    {
        const string All = "SELECT count(*) FROM thing";
        (await connection.QuerySingleAsync<long>(All)).ShouldBe(300);
        await connection.ExecuteAsync("ALTER TABLE thing ADD COLUMN colour TEXT");
        (await connection.QuerySingleAsync<long>(All)).ShouldBe(300);
        await connection.ExecuteAsync("BEGIN IMMEDIATE");
        await connection.ExecuteAsync("DELETE FROM thing");
        (await connection.QuerySingleAsync<long>(All)).ShouldBe(0);
        await connection.ExecuteAsync("ROLLBACK");
        (await connection.QuerySingleAsync<long>(All)).ShouldBe(300);
    }
}
