using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Tests.Runtime.Parking;

public sealed class ParkingTests : IDisposable
{
    private static readonly PartitionId First = new("accounts", 0);
    private readonly TemporaryDirectory directory = new();
    private readonly Payments payments = new();
    private readonly Totals totals = new(attempts: 1) { Poison = "bad" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_poison_event_is_parked_with_all_that_was_known_of_it_and_other_keys_flow_on()
    {
        await using var rig = await OpenAsync();
        await rig.GiveAsync(payments.Next("a"), payments.Next("bad"), payments.Next("b"), payments.Next("c", partition: 1));
        (await SumsAsync(rig)).ShouldBe(["a 1/1", "b 3/1", "c 1001/1"]);

        var key = (await rig.KeysAsync()).ShouldHaveSingleItem();
        key.Place.ShouldBe(new ParkedPlace("totals", First, "bad"));
        (key.Events, key.Failures, key.Request).ShouldBe((1, 1, null));
        key.Reason.Exception.ShouldBe("System.InvalidOperationException");
        key.Reason.Message.ShouldBe("bad can't be summed.");
        key.Reason.Stack!.ShouldContain("Totals");
        var parked = (await rig.Store.Parking!.ReadEventsAsync(key.Place, 0, 10, Cancel)).ShouldHaveSingleItem().Record;
        var given = payments.All[1];
        (parked.Partition, parked.Offset, parked.Timestamp).ShouldBe((given.Partition, given.Offset, given.Timestamp));
        parked.Event.Data.ToArray().ShouldBe(given.Event.Data.ToArray());
        (parked.Event.Id, parked.Event.Type, parked.Event.Source, parked.Event.Key, parked.Event.Time, parked.Event.CommittedAt, parked.Event.Producer, parked.Event.Sequence)
            .ShouldBe((given.Event.Id, given.Event.Type, given.Event.Source, given.Event.Key, given.Event.Time, given.Event.CommittedAt, given.Event.Producer, given.Event.Sequence));
        rig.Cursors[0].Committed.Mark.ShouldBe(3);
        (rig.Cursors[0].Parked.Total.Keys, rig.Cursors[0].Parked.Total.Events).ShouldBe((1, 1));
    }

    [Fact]
    public async Task Later_events_of_the_key_wait_behind_it_in_order_also_after_a_restart()
    {
        await using (var rig = await OpenAsync())
        {
            await rig.GiveAsync(payments.Next("bad"), payments.Next("bad"), payments.Next("a"), payments.Next("bad"));
        }

        totals.Poison = null;
        await using var again = await OpenAsync();
        await again.GiveAsync(payments.Next("bad"), payments.Next("a"), payments.Next("bad", partition: 1));
        (await again.EventsAsync("bad")).ShouldBe(["bad-p0-1", "bad-p0-2", "bad-p0-4", "bad-p0-5"]);
        (await SumsAsync(again)).ShouldBe(["a 9/2", "bad 1001/1"], "A key is parked in its partition, for one consumer.");
    }

    [Fact]
    public async Task Data_that_can_not_be_read_is_parked()
    {
        totals.Poison = null;
        await using var rig = await OpenAsync();
        await rig.GiveAsync(payments.Next("a"), payments.Next("odd", data: "{\"account\":7"), payments.Next("none", data: "null"), payments.Next("b"));
        (await SumsAsync(rig)).ShouldBe(["a 1/1", "b 4/1"]);
        (await rig.KeysAsync()).Select(key => (key.Place.Key, key.Reason.Exception)).ShouldBe([("none", "FlowPlatform.Events.EventDecodingException"), ("odd", "FlowPlatform.Events.EventDecodingException")]);
    }

    [Fact]
    public async Task A_consumer_that_does_not_park_stops_and_names_the_event()
    {
        await using var rig = await ParkingRig.OpenAsync(directory.Path, new Totals(parks: false, attempts: 1) { Poison = "bad" });
        var poison = await Should.ThrowAsync<PoisonEventException>(() => rig.GiveAsync(payments.Next("a"), payments.Next("bad"), payments.Next("b")));
        poison.Record.Event.Key.ShouldBe("bad");
        (await SumsAsync(rig)).ShouldBe(["a 1/1"]);
        (await rig.KeysAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Redriven_events_are_applied_in_order_and_the_state_is_that_of_the_clean_fold()
    {
        await using var rig = await OpenAsync();
        await rig.GiveAsync(payments.Next("a"), payments.Next("bad"), payments.Next("bad"), payments.Next("a"), payments.Next("bad", partition: 1));
        totals.Poison = null;
        await rig.RequestAsync(ParkingVerb.Redrive, "bad");
        await rig.ServeAsync();
        await rig.GiveAsync(payments.Next("bad"));
        (await rig.KeysAsync()).ShouldBeEmpty();
        rig.Cursors.ShouldAllBe(cursor => !cursor.Parked.Any);
        (await SumsAsync(rig)).ShouldBe(await CleanAsync(payments.All));
        (await rig.QueryAsync<string>("SELECT event_id FROM applied WHERE event_id LIKE 'bad-p0%' ORDER BY rowid")).ShouldBe(["bad-p0-2", "bad-p0-3", "bad-p0-5"]);
        (await rig.Main.Audit!.ReadAsync("totals", null, 10, Cancel)).Select(entry => (entry.Action, entry.Actor, entry.Reason, entry.Key)).ShouldBe(
            [("redriven", "ann", "as it is", "bad"), ("redriven", "ann", "as it is", "bad")]);
    }

    [Fact]
    public async Task What_fails_again_stays_parked_with_the_rest_the_new_reason_and_the_count()
    {
        await using var rig = await OpenAsync();
        await rig.GiveAsync(payments.Next("bad"), payments.Next("bad"), payments.Next("bad", data: "{"), payments.Next("bad"));
        totals.Poison = null;
        await rig.RequestAsync(ParkingVerb.Redrive, "bad");
        await rig.ServeAsync();
        var key = (await rig.KeysAsync()).ShouldHaveSingleItem();
        (key.Events, key.Failures, key.Request, key.Reason.Exception).ShouldBe((2, 2, null, "FlowPlatform.Events.EventDecodingException"));
        (await rig.EventsAsync("bad")).ShouldBe(["bad-p0-3", "bad-p0-4"]);
        (await SumsAsync(rig)).ShouldBe(["bad 3/2"]);
        (await rig.Main.Audit!.ReadAsync("totals", null, 10, Cancel)).ShouldHaveSingleItem().Action.ShouldBe("redrive-failed");

        await rig.RequestAsync(ParkingVerb.Discard, "bad", "bad-p0-3");
        await rig.ServeAsync();
        (await rig.EventsAsync("bad")).ShouldBe(["bad-p0-4"], "The others of its key stay until they are redriven.");
        await rig.RequestAsync(ParkingVerb.Redrive, "bad");
        await rig.ServeAsync();
        (await SumsAsync(rig)).ShouldBe(["bad 7/3"]);
    }

    [Fact]
    public async Task Discarded_events_are_skipped_by_this_and_every_later_fold_and_what_came_after_the_request_is_applied()
    {
        await using (var rig = await OpenAsync())
        {
            await rig.GiveAsync(payments.Next("a"), payments.Next("bad"), payments.Next("bad"));
            await rig.RequestAsync(ParkingVerb.Discard, "bad");
            totals.Poison = null;
            var late = payments.Next("bad");
            rig.Cursors[0].Parked.Served.ShouldBeTrue();
            await rig.Store.WriteAsync(_ => ValueTask.FromResult(true), Cancel);
            await HoldAsync(rig, late);
            await rig.ServeAsync();
            (await rig.KeysAsync()).ShouldBeEmpty();
            (await SumsAsync(rig)).ShouldBe(["a 1/1", "bad 4/1"]);
            (await rig.Main.Discards!.ReadAsync("totals", Cancel)).Order().ShouldBe(["bad-p0-2", "bad-p0-3"]);
            (await rig.Main.Audit!.ReadAsync("totals", null, 10, Cancel)).Select(entry => entry.Action).ShouldBe(["redriven", "discarded"]);
        }

        SqliteConnection.ClearAllPools();
        foreach (var file in Directory.GetFiles(directory.Path, "totals.g1.db*"))
        {
            File.Delete(file);
        }

        totals.Poison = "bad";
        await using var anew = await OpenAsync();
        totals.Poison = null;
        await anew.GiveAsync([.. payments.All]);
        (await SumsAsync(anew)).ShouldBe(["a 1/1", "bad 4/1"], "A new generation skips what was given up.");
    }

    [Fact]
    public async Task A_parked_event_that_comes_again_is_not_parked_twice()
    {
        await using var rig = await OpenAsync();
        await rig.GiveAsync(payments.Next("a"), payments.Next("bad"), payments.Next("bad"));

        // The log lost its tail, the producer sent it again at other offsets: the consumer stepped back to an anchor.
        await rig.GiveAsync([.. payments.All.Select(record => record with { Offset = record.Offset + 5 }), payments.Next("bad", offsetJump: 5)]);
        (await rig.EventsAsync("bad")).ShouldBe(["bad-p0-2", "bad-p0-3", "bad-p0-4"]);
        totals.Poison = null;
        await rig.RequestAsync(ParkingVerb.Redrive, "bad");
        await rig.ServeAsync();
        await rig.GiveAsync([.. payments.All.Select(record => record with { Offset = record.Offset + 9 })]);
        (await SumsAsync(rig)).ShouldBe(await CleanAsync(payments.All));
    }

    [Fact]
    public async Task Faults_of_the_store_that_pass_are_not_the_events_and_are_waited_out()
    {
        var faults = 0;
        await using var rig = await ParkingRig.OpenAsync(directory.Path, new FullDisk(() => faults++ < 3 ? new SqliteException("database or disk is full", 13) : null));
        await rig.GiveAsync(payments.Next("a"), payments.Next("b"));
        faults.ShouldBe(5, "Three times the disk was full, then each event was handled once.");
        (await rig.KeysAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Who_has_lost_the_partition_neither_parks_nor_redrives_nor_discards()
    {
        await using var rig = await OpenAsync();
        await rig.GiveAsync(payments.Next("a"), payments.Next("bad"));
        await rig.Store.WriteAsync(async transaction => await transaction.ExecuteAsync("UPDATE flow_checkpoint SET epoch = epoch + 1"), Cancel);
        var before = await rig.KeysAsync();
        await Should.ThrowAsync<OwnershipLostException>(() => rig.GiveAsync(payments.Next("bad")));
        await rig.RequestAsync(ParkingVerb.Discard, "bad");
        await Should.ThrowAsync<OwnershipLostException>(() => rig.ServeAsync());
        (await rig.KeysAsync()).ShouldHaveSingleItem().Events.ShouldBe(before[0].Events);

        // The owner after it does what was asked for.
        await using var owner = await ParkingRig.JoinAsync(rig, totals);
        await owner.ServeAsync();
        (await owner.KeysAsync()).ShouldBeEmpty();
        (await owner.Main.Audit!.ReadAsync("totals", null, 10, Cancel)).ShouldHaveSingleItem("Discarded twice in the main store, noted once.").Action.ShouldBe("discarded");
    }

    [Fact]
    public async Task Events_that_nobody_handles_do_not_wait()
    {
        await using var rig = await OpenAsync();
        var other = payments.Next("bad");
        await rig.GiveAsync(other, Envelopes.Of("accounts.audited.v1", payments.Next("bad").Event).At(1, First));
        (await rig.EventsAsync("bad")).ShouldBe([other.Event.Id]);
    }

    private static async Task HoldAsync(ParkingRig rig, LogRecord late)
    {
        // An event of the key that comes between the request and its execution.
        var cursor = rig.Cursors[0];
        cursor.Take(late).ShouldBeTrue();
        NumberedRecord[] held = [new(cursor.Parked.Next(late.Event.Key), late)];
        var (from, to) = (cursor.Committed, cursor.Current);
        await rig.Store.WriteAsync(
            async transaction =>
            {
                await rig.Store.Checkpoints.MoveAsync(transaction, from, to, null);
                await rig.Store.Parking!.HoldAsync(transaction, "totals", held);
                return true;
            },
            Cancel);
        cursor.Commit(to, null);
        cursor.Parked.Hold(held);
    }

    private Task<ParkingRig> OpenAsync() => ParkingRig.OpenAsync(directory.Path, totals);

    internal static Task<IReadOnlyList<string>> SumsAsync(ParkingRig rig) => rig.QueryAsync<string>("SELECT account || ' ' || (amount / 10000) || '/' || events FROM total ORDER BY account");

    internal static async Task<IReadOnlyList<string>> CleanAsync(IEnumerable<LogRecord> records)
    {
        using var clean = new TemporaryDirectory();
        await using var rig = await ParkingRig.OpenAsync(clean.Path, new Totals(attempts: 1));
        await rig.GiveAsync([.. records]);
        return await SumsAsync(rig);
    }

    private sealed class FullDisk : Projection
    {
        public FullDisk(Func<Exception?> fault)
        {
            MaxAttempts = 1;
            On<PaidIn>((paid, context) => fault() is { } thrown ? throw thrown : Task.CompletedTask);
        }
    }
}
