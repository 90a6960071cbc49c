using System.Reflection;
using Dapper;
using FlowPlatform.Storage;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Compliance.Stores;
using FlowPlatform.Tests.Support;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Tests.Storage;

/// <summary>The store contract on SQLite, and what SQLite has of its own.</summary>
public sealed class SqliteStoreCompliance : StoreCompliance
{
    private readonly TemporaryDirectory directory = new();

    protected override IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string> { ["STORE_DIRECTORY"] = Path.Combine(directory.Path, "writing") };

    protected override bool IsShared => false;

    [Fact]
    public async Task A_unit_in_which_SQLite_rolls_back_fails_its_whole_group_and_nobody_waits_for_ever()
    {
        var gate = new TaskCompletionSource();
        var first = Store.WriteAsync(
            async transaction =>
            {
                await gate.Task;
                return await transaction.ExecuteAsync("INSERT INTO greeting (id, text) VALUES ('1', 'x')");
            },
            Token);
        var second = WriteAsync("INSERT OR ROLLBACK INTO greeting (id, text) VALUES ('1', 'y')");
        gate.SetResult();
        (await Should.ThrowAsync<SqliteException>(() => second)).Message.ShouldContain("UNIQUE");
        await Should.ThrowAsync<SqliteException>(() => first);
        await EmitAsync("a", 1);
        (await CountAsync("greeting")).ShouldBe(0);
    }

    [Fact]
    public async Task A_full_disk_fails_the_group_as_busy_and_leaves_nothing()
    {
        await Should.ThrowAsync<StoreBusyException>(() => Store.WriteAsync(
            async transaction =>
            {
                var pages = await transaction.QuerySingleOrDefaultAsync<long>("PRAGMA page_count");
                await transaction.Connection.ExecuteScalarAsync($"PRAGMA max_page_count = {pages + 4}");
                return await transaction.ExecuteAsync("INSERT INTO greeting (id, text) VALUES ('1', @text)", new { text = new string('x', 1_000_000) });
            },
            Token));
        (await CountAsync("greeting")).ShouldBe(0);
        await WriteAsync("INSERT INTO greeting (id, text) VALUES ('2', 'small')");
    }

    [Fact]
    public async Task A_file_that_another_program_has_locked_is_busy()
    {
        await using (var other = new SqliteConnection($"Data Source={Path.Combine(directory.Path, "main.db")};Pooling=False"))
        {
            await other.OpenAsync(Token);
            await other.ExecuteAsync("BEGIN IMMEDIATE");
            await Should.ThrowAsync<StoreBusyException>(() => EmitAsync("a", 1));
        }

        await EmitAsync("a", 2);
        (await CountAsync("flow_outbox")).ShouldBe(1);
    }

    [Fact]
    public async Task A_second_owner_of_the_directory_is_refused()
    {
        await using var second = Create(typeof(SqliteStoreCompliance).Assembly, Bank(), null);
        (await Should.ThrowAsync<StoreInUseException>(() => second.OpenAsync(Token))).Message.ShouldContain($"process {System.Environment.ProcessId}");
    }

    [Fact]
    public async Task The_incarnation_goes_with_the_file()
    {
        var producer = Store.Outbox.Producer;
        await CloseAsync();
        File.Delete(Path.Combine(directory.Path, "main.db"));
        (await OpenAsync()).Outbox.Producer.ShouldNotBe(producer);
    }

    protected override IServiceStore Create(Assembly schema, PublishedStreams published, OutboxRoom? room) =>
        new SqliteServiceStore(directory.Path, schema, published, TimeProvider.System, room);

    protected override Task ForWritingAsync() => Task.CompletedTask;

    protected override ValueTask CleanUpAsync()
    {
        directory.Dispose();
        return ValueTask.CompletedTask;
    }
}
