using System.Diagnostics;
using FlowPlatform.Orchestration.Postgres;
using FlowPlatform.Tests.Storage.Postgres;

namespace FlowPlatform.Tests.Sharing;

public sealed class ReplicaProcessTests(PostgresFixture postgres) : IAsyncLifetime
{
    private TestDatabase database = null!;
    private BankProcesses bank = null!;

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync();
        bank = await BankProcesses.OpenAsync(database);
    }

    public async ValueTask DisposeAsync()
    {
        await bank.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Replicas_join_leave_and_die_and_each_event_has_its_effect_once_and_every_status_tells_all()
    {
        await bank.PayEverywhereAsync(200);
        var first = await bank.StartAsync();
        await bank.IsSharedByAsync(1);
        var second = await bank.StartAsync();
        await bank.PayEverywhereAsync(200);
        var third = await bank.StartAsync();
        await bank.IsSharedByAsync(3);
        await bank.PayEverywhereAsync(200);
        await bank.IsFoldedAsync();
        await HasWholeStatusAsync(first);
        await HasWholeStatusAsync(third);

        var leaving = Stopwatch.StartNew();
        await second.EndAsync("TERM");
        await bank.IsSharedByAsync(2);
        TestContext.Current.SendDiagnosticMessage($"hand-over by leaving, the end of the process included: {leaving.ElapsedMilliseconds} ms");
        await bank.PayEverywhereAsync(50);

        var dying = Stopwatch.StartNew();
        await third.EndAsync("KILL");
        await bank.IsSharedByAsync(1);
        TestContext.Current.SendDiagnosticMessage($"hand-over by death: {dying.ElapsedMilliseconds} ms");
        await bank.PayEverywhereAsync(50);
        await bank.IsFoldedAsync();
        (await bank.OwnersAsync()).ShouldAllBe(row => row.Owner!.StartsWith(first.Name) && row.Epoch >= 1);
    }

    [Fact]
    public async Task A_replica_that_was_paused_without_a_transaction_writes_nothing_with_its_old_epoch_and_comes_back()
    {
        var zombie = await bank.StartAsync();
        await bank.IsSharedByAsync(1);
        await bank.PayEverywhereAsync(20);
        await bank.IsFoldedAsync();
        zombie.Signal("STOP");
        await Eventually.ThatAsync("it is paused", () => zombie.IsPaused);
        var second = await bank.StartAsync();
        await bank.PayEverywhereAsync(20);
        await bank.IsFoldedAsync();
        (await bank.OwnersAsync()).ShouldAllBe(row => row.Owner!.StartsWith(second.Name));

        await bank.PayEverywhereAsync(20);
        zombie.Signal("CONT");
        await bank.PayEverywhereAsync(20);
        await bank.IsSharedByAsync(2);
        await bank.PayEverywhereAsync(20);
        await bank.IsFoldedAsync();
    }

    [Fact]
    public async Task A_replica_that_was_paused_inside_its_transaction_holds_nobody_up_and_commits_nothing()
    {
        var zombie = await bank.StartAsync(pauses: true);
        await bank.IsSharedByAsync(1);
        await bank.PayEverywhereAsync(20);
        await bank.IsFoldedAsync();
        await bank.PayAsync(partition: 0, count: 1, amount: 0);
        await Eventually.ThatAsync("it is paused", () => zombie.IsPaused);
        (await bank.ReadAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'bank sums_g1%' AND state LIKE 'idle in transaction%'")).Single().ShouldBeLessThanOrEqualTo(1);

        var second = await bank.StartAsync();
        await bank.PayEverywhereAsync(20);
        await bank.IsFoldedAsync();
        (await bank.OwnersAsync()).ShouldAllBe(row => row.Owner!.StartsWith(second.Name));

        zombie.Signal("CONT");
        await bank.IsSharedByAsync(2);
        await bank.PayEverywhereAsync(20);
        await bank.IsFoldedAsync();
        (await zombie.StatusAsync()).Consumers.ShouldAllBe(row => row.State != "stopped");
    }

    [Fact]
    public async Task Whatever_happens_to_three_replicas_under_a_stream_of_events_each_has_its_effect_once()
    {
        const int seed = 7;
        var random = new Random(seed);
        List<BankProcess> living = [await bank.StartAsync(), await bank.StartAsync(), await bank.StartAsync()];
        for (var step = 0; step < 12; step++)
        {
            for (var batch = 0; batch < 10; batch++)
            {
                await bank.PayAsync(random.Next(BankProcesses.Partitions), 1 + random.Next(50));
            }

            var index = random.Next(living.Count);
            switch (step % 4)
            {
                case 0:
                    await living[index].EndAsync("KILL");
                    living[index] = await bank.StartAsync();
                    break;
                case 1:
                    living[index].Signal("STOP");
                    await Eventually.ThatAsync("others have what it had", async () => (await bank.OwnersAsync()).All(row => row.Owner?.StartsWith(living[index].Name, StringComparison.Ordinal) == false), TimeSpan.FromMinutes(2));
                    living[index].Signal("CONT");
                    break;
                case 2:
                    await living[index].EndAsync("TERM");
                    living[index] = await bank.StartAsync();
                    break;
                default:
                    await bank.IsSharedByAsync(3);
                    break;
            }
        }

        await bank.IsSharedByAsync(3);
        await bank.IsFoldedAsync();
    }

    private async Task HasWholeStatusAsync(BankProcess replica)
    {
        var owners = await bank.OwnersAsync();
        var status = await Eventually.ThatAsync(
            "the status has all partitions, and their owners",
            replica.StatusAsync,
            read => read.Consumers.Count == 3 * BankProcesses.Partitions && read.Consumers.All(row => row.Lag == 0 && row.State == "live" && row.Owner.Length > 0));
        foreach (var row in status.Consumers.Where(row => row.Consumer is "sums" or "counter"))
        {
            (row.Owner, row.Epoch).ShouldBe(owners.Where(owner => owner.Consumer == row.Consumer && owner.Partition == row.Partition).Select(owner => (owner.Owner!, owner.Epoch)).Single());
        }

        status.Consumers.Where(row => row.Consumer == "thanker").Select(row => row.Owner).Distinct().ShouldBe([owners.Single(owner => owner.Consumer == "thanker").Owner!]);
        status.Outbox.State.ShouldBe("running");
    }
}
