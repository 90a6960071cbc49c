using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Tests.Runtime.Parking;

/// <summary>The process ends before and after every single commit while events are parked, held, redriven and discarded; it starts again, and nothing is lost or doubled.</summary>
public sealed class ParkingCrashTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_projection_ends_as_the_clean_fold_wherever_it_crashes()
    {
        var payments = History();
        var expected = await ParkingTests.CleanAsync(payments.All);
        await AtEveryCommitAsync(ParkingVerb.Redrive, () => new Totals(attempts: 1) { Poison = "bad" }, (consumer, poison) => ((Totals)consumer).Poison = poison, payments, async rig =>
        {
            (await ParkingTests.SumsAsync(rig)).ShouldBe(expected);
            (await rig.QueryAsync<long>("SELECT count(*) FROM applied")).ShouldBe([payments.All.Count]);
        });
    }

    [Fact]
    public async Task A_discard_leaves_out_exactly_what_was_parked_wherever_it_crashes()
    {
        var payments = History();
        var expected = await ParkingTests.CleanAsync(payments.All.Select(record => record.Event.Key != "bad" || record.Event.Sequence > 6 ? record : Unhandled(record)));
        await AtEveryCommitAsync(ParkingVerb.Discard, () => new Totals(attempts: 1) { Poison = "bad" }, (consumer, poison) => ((Totals)consumer).Poison = poison, payments, async rig =>
        {
            (await ParkingTests.SumsAsync(rig)).ShouldBe(expected);
            (await rig.Main.Discards!.ReadAsync("totals", CancellationToken.None)).Order().ShouldBe(["bad-p0-2", "bad-p0-3", "bad-p0-5", "bad-p1-1", "bad-p1-3"]);
            (await rig.QueryMainAsync<string>("SELECT action FROM flow_audit WHERE action = 'discarded'")).Count.ShouldBe(2, "Each key's once.");
        });
    }

    [Fact]
    public async Task A_former_owner_that_wakes_in_a_discard_gives_up_nothing_that_was_parked_since()
    {
        var payments = new Payments();
        await using var former = await ParkingRig.OpenAsync(directory.Path, new Totals(attempts: 1) { Poison = "bad" });
        await former.GiveAsync(payments.Next("bad"), payments.Next("bad"));
        await former.RequestAsync(ParkingVerb.Discard, "bad");
        await using var present = await ParkingRig.JoinAsync(former, new Totals(attempts: 1) { Poison = "bad" });
        former.SuspendBeforeEvents(async () =>
        {
            await present.ServeAsync();
            await present.GiveAsync(payments.Next("bad"));
        });

        await Should.ThrowAsync<OwnershipLostException>(former.ServeAsync());

        (await present.EventsAsync("bad")).ShouldBe(["bad-p0-3"]);
        (await present.Main.Discards!.ReadAsync("totals", CancellationToken.None)).ShouldBe(["bad-p0-1", "bad-p0-2"], "the third one nobody has given up");
    }

    [Fact]
    public async Task A_reactor_emits_everything_once_and_under_the_same_ids_wherever_it_crashes()
    {
        var payments = History();
        const string Emitted = "SELECT event_id FROM flow_outbox ORDER BY event_id";
        IReadOnlyList<string> expected;
        using (var clean = new TemporaryDirectory())
        {
            await using var rig = await ParkingRig.OpenAsync(clean.Path, new ThankPayers(attempts: 1));
            await rig.GiveAsync([.. payments.All]);
            expected = await rig.QueryMainAsync<string>(Emitted);
            expected.Count.ShouldBe(payments.All.Count);
        }

        await AtEveryCommitAsync(ParkingVerb.Redrive, () => new ThankPayers(attempts: 1) { Poison = "bad" }, (consumer, poison) => ((ThankPayers)consumer).Poison = poison, payments, async rig =>
        {
            (await rig.QueryMainAsync<string>(Emitted)).ShouldBe(expected);
            (await rig.QueryMainAsync<long>("SELECT count(*) FROM ledger")).ShouldBe([payments.All.Count]);
            (await rig.QueryMainAsync<long>("SELECT count(*) FROM flow_command")).ShouldBe([payments.All.Count]);
        });
    }

    /// <summary>In its place, something that nobody wants: a fold that left it out would have a hole.</summary>
    private static LogRecord Unhandled(LogRecord record) => Envelopes.Of("accounts.audited.v1", record.Event).At(record.Offset, record.Partition);

    /// <summary>Two partitions; the first six events of each come while <c>bad</c> is poison.</summary>
    private static Payments History()
    {
        var payments = new Payments();
        foreach (var account in new[] { "a", "bad", "bad", "b", "bad", "c", "bad", "a" })
        {
            payments.Next(account);
        }

        foreach (var account in new[] { "bad", "d", "bad", "e", "d", "d", "bad" })
        {
            payments.Next(account, partition: 1);
        }

        return payments;
    }

    private async Task AtEveryCommitAsync(ParkingVerb verb, Func<Consumer> create, Action<Consumer, string?> setPoison, Payments payments, Func<ParkingRig, Task> check)
    {
        var commits = await LiveAsync("clean", Crash.Never);
        commits.ShouldBeGreaterThan(8);
        for (var at = 1; at <= commits; at++)
        {
            await LiveAsync($"before-{at}", new Crash(at, after: false));
            await LiveAsync($"after-{at}", new Crash(at, after: true));
        }

        // The whole life: parked, asked for, mended, served. After a crash it begins again from the checkpoint, and is given everything again.
        async Task<int> LiveAsync(string name, Crash crash)
        {
            var life = new Life();
            var path = Path.Combine(directory.Path, $"{verb}-{name}");
            try
            {
                await RunAsync(crash);
            }
            catch (OperationCanceledException) when (crash.Token.IsCancellationRequested)
            {
                await RunAsync(Crash.Never);
            }

            return crash.Commits;

            async Task RunAsync(Crash until)
            {
                var consumer = create();
                setPoison(consumer, life.Mended ? null : "bad");
                await using var rig = await ParkingRig.OpenAsync(path, consumer, until);
                if (!life.Mended)
                {
                    await rig.GiveAsync([.. payments.All.Where(record => record.Event.Sequence <= 6)]);
                    if (!life.Asked)
                    {
                        await rig.RequestAsync(verb, "bad");
                        life.Asked = true;
                    }
                }

                life.Mended = true;
                setPoison(consumer, null);
                await rig.ServeAsync();
                await rig.GiveAsync([.. payments.All]);
                (await rig.KeysAsync()).ShouldBeEmpty(name);
                await check(rig);
            }
        }
    }

    private sealed class Life
    {
        public bool Asked { get; set; }

        public bool Mended { get; set; }
    }
}
