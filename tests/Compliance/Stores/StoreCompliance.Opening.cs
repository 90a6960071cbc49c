using Dapper;
using FlowPlatform.Storage;
using FlowPlatform.Stores;

namespace FlowPlatform.Tests.Compliance.Stores;

public abstract partial class StoreCompliance
{
    private static readonly Migration Things = new(1, "0001_things", "CREATE TABLE thing (id INTEGER)");

    [Fact]
    public async Task The_incarnation_stays_with_the_store()
    {
        var producer = Store.Outbox.Producer;
        producer.ShouldStartWith("bank/");
        (await ReopenAsync()).Outbox.Producer.ShouldBe(producer);
    }

    [Fact]
    public async Task A_migration_is_applied_once_and_later_ones_after_it()
    {
        await (await Store.OpenGenerationAsync("many-things", [Things], Token)).DisposeAsync();
        var second = new Migration(2, "0002_name", "ALTER TABLE thing ADD COLUMN name TEXT");
        await using var generation = await Store.OpenGenerationAsync("many-things", [Things, second], Token);
        await generation.WriteAsync(async transaction => await transaction.ExecuteAsync("INSERT INTO thing (id, name) VALUES (1, 'x')"), Token);
        (await ScalarAsync(generation, "SELECT count(*) FROM thing")).ShouldBe(1);
        (await ScalarAsync(generation, "SELECT count(*) FROM flow_migration WHERE scope = 'many-things'")).ShouldBe(2);
    }

    [Fact]
    public async Task A_migration_that_was_changed_after_it_was_applied_is_refused()
    {
        await (await Store.OpenGenerationAsync("things", [Things], Token)).DisposeAsync();
        var changed = await Should.ThrowAsync<MigrationException>(
            () => Store.OpenGenerationAsync("things", [new Migration(1, "0001_things", "CREATE TABLE thing (id INTEGER, name TEXT)")], Token));
        changed.Message.ShouldContain("was changed");
        var older = await Should.ThrowAsync<MigrationException>(() => Store.OpenGenerationAsync("things", [], Token));
        older.Message.ShouldContain("older than the database");
    }

    [Fact]
    public async Task A_migration_that_fails_leaves_nothing_of_itself()
    {
        var broken = new Migration(1, "0001_things", "CREATE TABLE thing (id INTEGER); CREATE TABLE thing (id INTEGER)");
        (await Should.ThrowAsync<MigrationException>(() => Store.OpenGenerationAsync("things", [broken], Token))).Message.ShouldContain("0001_things");
        await using var generation = await Store.OpenGenerationAsync("things", [Things], Token);
        (await ScalarAsync(generation, "SELECT count(*) FROM thing")).ShouldBe(0);
    }

    [Fact]
    public async Task Generations_share_nothing_with_each_other_and_with_the_main_store()
    {
        await using var one = await Store.OpenGenerationAsync("one", [Things], Token);
        await using var two = await Store.OpenGenerationAsync("two", [Things], Token);
        await one.WriteAsync(
            async transaction =>
            {
                await one.Checkpoints.CreateAsync(transaction, Fresh with { Consumer = "one" });
                return await transaction.ExecuteAsync("INSERT INTO thing (id) VALUES (1)");
            },
            Token);
        (await ScalarAsync(one, "SELECT count(*) FROM thing")).ShouldBe(1);
        (await ScalarAsync(two, "SELECT count(*) FROM thing")).ShouldBe(0);
        (await two.Checkpoints.LoadAsync("one", Token)).ShouldBeEmpty();
        (await Store.Checkpoints.LoadAsync("one", Token)).ShouldBeEmpty();
        (await one.Checkpoints.LoadAsync("one", Token)).Count.ShouldBe(1);
        await Should.ThrowAsync<InvalidOperationException>(() => one.WriteAsync(
            transaction => ValueTask.FromResult(transaction.Emit(new Runtime.PaidIn("a", 1), Runtime.Envelopes.Time)), Token));
    }

    [Fact]
    public async Task A_unit_in_one_store_does_not_wait_for_a_unit_in_another()
    {
        await using var generation = await Store.OpenGenerationAsync("things", [Things], Token);
        var gate = new TaskCompletionSource();
        var first = await HoldAsync(gate.Task);
        (await generation.WriteAsync(async transaction => await transaction.ExecuteAsync("INSERT INTO thing (id) VALUES (1)"), Token)).ShouldBe(1);
        gate.SetResult();
        await first;
    }

    [Fact]
    public async Task Projections_are_opened_again_as_they_were_left()
    {
        await using (var generation = await Store.OpenGenerationAsync("things", [Things], Token))
        {
            await generation.WriteAsync(async transaction => await transaction.ExecuteAsync("INSERT INTO thing (id) VALUES (7)"), Token);
        }

        await ReopenAsync();
        await using var again = await Store.OpenGenerationAsync("things", [Things], Token);
        await using var connection = await again.OpenReadAsync(Token);
        (await connection.QuerySingleAsync<long>("SELECT id FROM thing")).ShouldBe(7);
        (await CountAsync("flow_generation")).ShouldBe(1);
    }
}
