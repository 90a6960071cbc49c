using FlowPlatform.Consumers;
using FlowPlatform.Stores;

namespace FlowPlatform.Tests.Runtime.Parking;

public sealed class ParkingLimitTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly Payments payments = new();
    private readonly EveryAccount consumer = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task One_key_too_many_stops_the_consumer_before_it_and_what_was_asked_for_meanwhile_is_done_first_at_the_next_start()
    {
        var more = new[] { "k1", "k2", "k3", "k4", "k5" }.Select(account => payments.Next(account)).ToArray();
        await using (var rig = await OpenAsync())
        {
            var stopped = await Should.ThrowAsync<ParkingLimitException>(() => rig.GiveAsync(more));
            stopped.Message.ShouldContain("has parked 3 keys, as many as it may");
            stopped.Message.ShouldContain("POST /flow/redrive");
            stopped.InnerException.ShouldBeOfType<PoisonEventException>().Record.Event.Key.ShouldBe("k4");
            (await rig.KeysAsync()).Select(key => key.Place.Key).ShouldBe(["k1", "k2", "k3"]);
            rig.Cursors[0].Committed.Mark.ShouldBe(3);
            await rig.RequestAsync(ParkingVerb.Redrive, "k1");
            await rig.RequestAsync(ParkingVerb.Redrive, "k3");
        }

        consumer.Fails = account => account == "k2";
        await using var again = await OpenAsync();
        await again.GiveAsync(more);
        (await again.KeysAsync()).Select(key => key.Place.Key).ShouldBe(["k2"]);
        consumer.Handled.ShouldBe(["k1", "k3", "k4", "k5"]);
    }

    [Fact]
    public async Task One_event_too_many_stops_the_consumer_before_it()
    {
        await using var rig = await OpenAsync();
        for (var number = 1; number <= 5; number++)
        {
            await rig.GiveAsync(payments.Next("k1"));
        }

        var stopped = await Should.ThrowAsync<ParkingLimitException>(() => rig.GiveAsync(payments.Next("k1")));
        stopped.Message.ShouldContain("has parked 5 events");
        (await rig.KeysAsync()).ShouldHaveSingleItem().Events.ShouldBe(5);
        rig.Cursors[0].Committed.Mark.ShouldBe(5);
    }

    [Fact]
    public async Task What_an_exception_says_is_kept_in_bounds()
    {
        consumer.Message = new string('x', 999) + "\ud83d\ude00\0" + new string('y', 10_000);
        await using var rig = await OpenAsync();
        await rig.GiveAsync(payments.Next("k1"));
        var reason = (await rig.KeysAsync()).ShouldHaveSingleItem().Reason;
        reason.Message.ShouldBe(new string('x', 999), "It is cut between characters.");
        reason.Stack!.Length.ShouldBeLessThanOrEqualTo(4_000);
    }

    private Task<ParkingRig> OpenAsync() => ParkingRig.OpenAsync(directory.Path, consumer);

    /// <summary>In the main store, to have no tables of its own.</summary>
    private sealed class EveryAccount : Reactor
    {
        public EveryAccount()
        {
            (MaxAttempts, MaxParkedKeys, MaxParkedEvents) = (1, 3, 5);
            On<PaidIn>((paid, _) =>
            {
                if (Fails(paid.Account))
                {
                    throw new InvalidOperationException(Message);
                }

                Handled.Add(paid.Account);
                return Task.CompletedTask;
            });
        }

        public Func<string, bool> Fails { get; set; } = static _ => true;

        public string Message { get; set; } = "It fails.";

        public List<string> Handled { get; } = [];
    }
}
