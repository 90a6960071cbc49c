using FlowPlatform.Log;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Storage.Postgres;

namespace FlowPlatform.Tests.Runtime.Parking;

public sealed class ParkingOnPostgresTests(PostgresFixture postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_are_parked_held_redriven_and_discarded_and_the_state_is_that_of_the_clean_fold()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var payments = new Payments();
        var totals = new Totals(attempts: 1) { Poison = "bad" };
        await using (var rig = await ParkingRig.OpenAsync(database.ConnectionString, totals))
        {
            await rig.GiveAsync(payments.Next("a"), payments.Next("bad"), payments.Next("bad"), payments.Next("odd", data: "{"), payments.Next("bad", partition: 1));
            (await SumsAsync(rig)).ShouldBe(["a 1/1"]);
            var key = (await rig.KeysAsync()).First(parked => parked.Place.Key == "bad");
            (key.Events, key.Reason.Message).ShouldBe((2, "bad can't be summed."));
            (await rig.Store.Parking!.ReadKeysAsync(new ParkedKeyQuery("totals", 2) { After = key.Place }, Cancel)).Select(parked => (parked.Place.Partition.Index, parked.Place.Key))
                .ShouldBe([(0, "odd"), (1, "bad")]);
            await rig.RequestAsync(ParkingVerb.Redrive, "bad");
            await rig.RequestAsync(ParkingVerb.Discard, "odd");
        }

        totals.Poison = null;
        await using var again = await ParkingRig.OpenAsync(database.ConnectionString, totals);
        await again.GiveAsync(payments.Next("bad"), payments.Next("a"));
        await again.ServeAsync();
        await again.GiveAsync([.. payments.All]);
        (await again.KeysAsync()).ShouldBeEmpty();
        (await SumsAsync(again)).ShouldBe(["a 7/2", "bad 1011/4"]);
        (await again.Main.Discards!.ReadAsync("totals", Cancel)).ShouldBe(["odd-p0-4"]);
        var audit = await again.Main.Audit!.ReadAsync("totals", null, 10, Cancel);
        audit.Select(entry => (entry.Action, entry.Actor, entry.Reason)).ShouldBe([("redriven", "ann", "as it is"), ("discarded", "ann", "as it is"), ("redriven", "ann", "as it is")], ignoreOrder: true);
        (await again.Main.Audit!.ReadAsync(null, audit[0].Number, 10, Cancel)).Select(entry => entry.Number).ShouldBe(audit.Skip(1).Select(entry => entry.Number));
    }

    [Fact]
    public async Task A_reactor_emits_what_it_redrives_under_the_same_ids()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await using var other = await postgres.CreateDatabaseAsync();
        var payments = new Payments();
        LogRecord[] records = [payments.Next("a"), payments.Next("bad"), payments.Next("b"), payments.Next("bad", partition: 1), payments.Next("bad")];
        const string Emitted = "SELECT event_id FROM flow_outbox ORDER BY event_id";
        await using var clean = await ParkingRig.OpenAsync(other.ConnectionString, new ThankPayers(attempts: 1));
        await clean.GiveAsync(records);

        var reactor = new ThankPayers(attempts: 1) { Poison = "bad" };
        await using var rig = await ParkingRig.OpenAsync(database.ConnectionString, reactor);
        await rig.GiveAsync(records);
        (await rig.QueryMainAsync<string>(Emitted)).Count.ShouldBe(2);
        reactor.Poison = null;
        await rig.RequestAsync(ParkingVerb.Redrive, "bad");
        await rig.ServeAsync();
        (await rig.QueryMainAsync<string>(Emitted)).ShouldBe(await clean.QueryMainAsync<string>(Emitted));
    }

    private static Task<IReadOnlyList<string>> SumsAsync(ParkingRig rig) => rig.QueryAsync<string>("SELECT account || ' ' || CAST(amount AS integer) || '/' || events FROM total ORDER BY account");
}
