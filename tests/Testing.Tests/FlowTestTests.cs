using System.Collections.Concurrent;
using Contracts;
using FlowPlatform.Consumers;
using FlowPlatform.Hosting;
using FlowPlatform.Storage.EmbeddedLog;
using FlowPlatform.Testing.Tests.Faulty;
using FlowPlatform.Testing.Tests.Loyalty;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using static FlowPlatform.Testing.Tests.OrderEvents;

namespace FlowPlatform.Testing.Tests;

public sealed class FlowTestTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task Who_lags_is_named_when_time_is_up_and_all_is_well_when_it_has_caught_up()
    {
        var gate = new Gate();
        await using var flow = await FlowTest.StartAsync("loyalty", Gated, options => options.Services = services => services.AddSingleton(gate));
        await flow.GivenAsync(Order("1"));
        var failure = await Should.ThrowAsync<FlowTestException>(() => flow.SettledAsync(Short));
        failure.Message.ShouldStartWith("Not settled within 0.3 s: gated-totals is applying events.");
        gate.Opened.SetResult();
        await flow.SettledAsync();
        (await flow.QueryAsync<GatedTotals, long>("SELECT orders FROM total")).ShouldBe([1]);
    }

    [Fact]
    public async Task A_handler_that_never_comes_back_does_not_hang_the_end_of_the_test()
    {
        var flow = await FlowTest.StartAsync("loyalty", Gated, options =>
        {
            options.Limit = Short;
            options.Services = services => services.AddSingleton(new Gate());
        });
        await flow.GivenAsync(Order("1"));
        await Should.ThrowAsync<FlowTestException>(() => flow.SettledAsync());
        (await Should.ThrowAsync<FlowTestException>(async () => await flow.DisposeAsync())).Message.ShouldStartWith("The service does not stop within 0.3 s");
    }

    [Fact]
    public async Task A_consumer_that_can_not_read_is_named_with_the_reason_and_where_it_is()
    {
        await using var flow = await FlowTest.StartAsync("loyalty", LoyaltyFlow.Declare);
        await flow.GivenAsync(Order("1"));
        await flow.SettledAsync();
        flow.LogAway = true;
        await flow.GivenAsync(Order("1"));
        var failure = await Should.ThrowAsync<FlowTestException>(() => flow.SettledAsync(Short));
        failure.Message.ShouldContain("grant-points is behind in orders-");
        failure.Message.ShouldContain("at offset 0 of 1, The test has taken the log away");
        flow.LogAway = false;
        await flow.SettledAsync();
        flow.Emitted<PointsGranted>().Count.ShouldBe(2);
    }

    [Fact]
    public async Task While_the_log_is_away_decisions_wait_in_the_outbox_and_are_named()
    {
        await using var flow = await FlowTest.StartAsync("loyalty", LoyaltyFlow.Declare);
        flow.LogAway = true;
        var id = await flow.GivenAsync(new PointsGranted("anna", "1", 5));
        (await Should.ThrowAsync<FlowTestException>(() => flow.SettledAsync(Short))).Message.ShouldContain("1 of the outbox's events are not published to loyalty-");
        (await flow.QueryAsync<PointsByCustomer, long>("SELECT points FROM points")).ShouldBeEmpty();
        flow.LogAway = false;
        await flow.SettledAsync();
        (await flow.QueryAsync<PointsByCustomer, long>("SELECT points FROM points")).ShouldBe([5]);
        flow.Emitted().ShouldNotContain(@event => @event.Id == id, "What the test gave, the service did not emit.");
    }

    [Fact]
    public async Task A_poison_event_ends_the_wait_with_the_handlers_exception()
    {
        await using var flow = await FlowTest.StartAsync("loyalty", LoyaltyFlow.Declare);
        await flow.GivenAsync(Order("1"));
        await flow.GivenAsync(Poison("C1"));
        var failure = await Should.ThrowAsync<FlowTestException>(() => flow.SettledAsync());
        failure.InnerException.ShouldBeOfType<InvalidOperationException>().Message.ShouldBe("Return C1 gives money away.");
        failure.Message.ShouldStartWith("The flow does not settle, an event is parked: Consumer 'grant-points' can't apply orders.returned.v1 orders/2");
        failure.Message.ShouldContain("grant-points: has parked 1 events of 1 keys");
        failure.Message.ShouldContain("Last warnings of the service:");
    }

    [Fact]
    public async Task A_stop_that_the_test_expects_leaves_the_others_to_settle()
    {
        await using var flow = await FlowTest.StartAsync("loyalty", declared => LoyaltyFlow.Declare(declared.Reactor<StopAtReturns>("orders")));
        await flow.GivenAsync(Poison("C1"));
        (await flow.StoppedAsync<StopAtReturns>()).ShouldBeOfType<PoisonEventException>().Record.Event.Read<GoodsReturned>().ReturnId.ShouldBe("C1");
        await flow.ParkedAsync<GrantPoints>();
        await flow.GivenAsync(new PointsGranted("anna", "1", 5));
        await flow.SettledAsync(TimeSpan.FromSeconds(10));
        (await flow.QueryAsync<PointsByCustomer, long>("SELECT points FROM points")).ShouldBe([5]);
    }

    [Fact]
    public async Task What_is_parked_is_shown_redriven_and_discarded()
    {
        await using var flow = await FlowTest.StartAsync("loyalty", LoyaltyFlow.Declare);
        await flow.GivenAsync(Poison("C1"));
        await flow.GivenAsync(Order("1"));
        var parked = (await flow.ParkedAsync<GrantPoints>()).ShouldHaveSingleItem();
        (parked.Place.Key, parked.Reason.Message).ShouldBe(("C1", "Return C1 gives money away."));
        await flow.SettledAsync();
        (await flow.QueryAsync<PointsByCustomer, long>("SELECT points FROM points")).ShouldBe([10], "Other keys flow on.");

        (await flow.RedriveAsync<GrantPoints>()).ShouldHaveSingleItem().Failures.ShouldBe(2);
        await flow.RestartAsync();
        (await flow.DiscardAsync<GrantPoints>("C1")).ShouldBeEmpty();
        await flow.DeliverAgainAsync();
        (await Should.ThrowAsync<FlowTestException>(() => flow.RedriveAsync<GrantPoints>())).Message.ShouldBe("grant-points has parked nothing.");
        (await Should.ThrowAsync<FlowTestException>(() => flow.ParkedAsync<GrantPoints>(Short))).Message.ShouldStartWith("grant-points did not park anything within 0.3 s.");
    }

    [Fact]
    public async Task A_consumer_that_goes_on_did_not_stop()
    {
        await using var flow = await FlowTest.StartAsync("loyalty", LoyaltyFlow.Declare);
        (await Should.ThrowAsync<FlowTestException>(() => flow.StoppedAsync<GrantPoints>(Short))).Message.ShouldStartWith("grant-points did not stop within 0.3 s.");
        (await Should.ThrowAsync<FlowTestException>(() => flow.StoppedAsync<GatedTotals>())).Message.ShouldBe("'loyalty' has no GatedTotals.");
    }

    [Fact]
    public async Task Everything_that_comes_of_many_events_is_there_once_settled()
    {
        await using var flow = await FlowTest.StartAsync("loyalty", LoyaltyFlow.Declare);
        for (var round = 1; round <= 20; round++)
        {
            for (var order = 1; order <= 10; order++)
            {
                await flow.GivenAsync(Order($"{round}-{order}", $"customer-{round}-{order % 5}", 1m));
            }

            await flow.SettledAsync();
            (await flow.QueryAsync<PointsByCustomer, long>("SELECT sum(points) FROM points")).ShouldBe([10 * round]);
            (await flow.QueryAsync<long>("SELECT count(*) FROM welcome")).ShouldBe([5 * round]);
            (flow.Emitted<PointsGranted>().Count, flow.Emitted<CustomerWelcomed>().Count).ShouldBe((10 * round, 5 * round));
        }
    }

    [Fact]
    public async Task A_restart_keeps_rows_and_does_nothing_twice()
    {
        await using var flow = await FlowTest.StartAsync("loyalty", LoyaltyFlow.Declare);
        for (var round = 1; round <= 3; round++)
        {
            await flow.GivenAsync(Order($"{round}"));
            await flow.SettledAsync();
            await flow.RestartAsync();
        }

        await flow.SettledAsync();
        (await flow.QueryAsync<PointsByCustomer, long>("SELECT points FROM points")).ShouldBe([30]);
        var granted = flow.Emitted<PointsGranted>();
        granted.Select(item => item.Envelope.Producer).Distinct().ShouldHaveSingleItem();
        granted.Select(item => item.Envelope.Sequence).ShouldBe([1, 3, 4], "The letter's event, of the same key, is the second.");
    }

    [Fact]
    public async Task Everything_is_delivered_again_and_dropped_again()
    {
        var gate = new Gate();
        gate.Opened.SetResult();
        CountingLog? log = null;
        await using var flow = await FlowTest.StartAsync("loyalty", Gated, options =>
        {
            options.Services = services => services.AddSingleton(gate);
            options.Log = (directory, clock) => log = new CountingLog(new EmbeddedEventLog(directory, clock));
        });
        await flow.GivenAsync(Orders(50));
        await flow.SettledAsync();
        log!.Read.ShouldBe(50);
        await flow.DeliverAgainAsync();
        log.Read.ShouldBe(100);
        flow.Services.GetRequiredService<GatedTotals>().Applied.ShouldBe(50);
        await flow.GivenAsync(Order("51"));
        await flow.SettledAsync();
        (await flow.QueryAsync<GatedTotals, long>("SELECT orders FROM total")).ShouldBe([51]);
    }

    [Fact]
    public async Task Tests_do_not_disturb_one_another() => await Task.WhenAll(Enumerable.Range(1, 6).Select(async count =>
    {
        await using var flow = await FlowTest.StartAsync("loyalty", LoyaltyFlow.Declare);
        await flow.GivenAsync(Orders(count));
        await flow.SettledAsync();
        (await flow.QueryAsync<PointsByCustomer, long>("SELECT points FROM points")).ShouldBe([10 * count]);
    }));

    [Fact]
    public async Task Nothing_is_left_behind_whether_the_test_ends_or_the_start_fails()
    {
        var directories = new ConcurrentBag<string>();
        void Note(FlowTestOptions options) => options.Log = (directory, clock) =>
        {
            directories.Add(Path.GetDirectoryName(directory)!);
            return new EmbeddedEventLog(directory, clock);
        };
        await using (var flow = await FlowTest.StartAsync("loyalty", LoyaltyFlow.Declare, Note))
        {
            await flow.GivenAsync(Order("1"));
            Directory.Exists(directories.Single()).ShouldBeTrue();
        }

        await using (await SteppedFlow.StartAsync("loyalty", LoyaltyFlow.Declare, Note))
        {
        }

        await Should.ThrowAsync<InvalidOperationException>(() => FlowTest.StartAsync("loyalty", _ => throw new InvalidOperationException("No."), Note));
        await Should.ThrowAsync<InvalidOperationException>(() => FlowTest.StartAsync("loyalty", flow => flow.Projection<NeedsWhatIsNotThere>("orders"), Note));
        await Should.ThrowAsync<InvalidOperationException>(() => SteppedFlow.StartAsync("loyalty", flow => flow.Reactor<NeedsToo>("orders"), Note));
        directories.Count.ShouldBe(5);
        directories.ShouldAllBe(directory => !Directory.Exists(directory));
    }

    [Fact]
    public async Task An_event_that_nobody_would_see_is_refused()
    {
        await using var flow = await FlowTest.StartAsync("loyalty", LoyaltyFlow.Declare);
        (await Should.ThrowAsync<FlowTestException>(() => flow.GivenAsync(new OrderShipped("1", 1, 1, "t")))).Message.ShouldBe("Nobody would see it: 'loyalty' reads loyalty, orders; not 'shipments'.");
        var own = new EventHistory();
        own.Add(new PointsGranted("anna", "1", 1), Noon);
        (await Should.ThrowAsync<FlowTestException>(() => flow.GivenAsync(own))).Message.ShouldContain("'loyalty' is the producer of 'loyalty'");
        (await Should.ThrowAsync<FlowTestException>(() => flow.GivenAsync(new Nameless()))).Message.ShouldContain("Name the stream");
        await flow.GivenAsync(new Nameless(), stream: "orders");
        await flow.SettledAsync();
    }

    [Fact]
    public async Task An_application_serves_its_api_and_a_flow_alone_does_not()
    {
        await using var flow = await FlowTest.StartAsync(BuildApplication);
        (await flow.Client.GetStringAsync(new Uri("/time", UriKind.Relative), TestContext.Current.CancellationToken)).ShouldContain("2026-01-01T00:00:00");
        flow.Clock.Advance(TimeSpan.FromHours(1));
        await flow.RestartAsync();
        (await flow.Client.GetStringAsync(new Uri("/time", UriKind.Relative), TestContext.Current.CancellationToken)).ShouldContain("2026-01-01T01:00:00");
        await using var alone = await FlowTest.StartAsync("loyalty", LoyaltyFlow.Declare);
        Should.Throw<FlowTestException>(() => alone.Client).Message.ShouldStartWith("The service serves no HTTP");
    }

    [Fact]
    public async Task Streams_have_the_partitions_that_the_test_wants()
    {
        await using var flow = await FlowTest.StartAsync("loyalty", LoyaltyFlow.Declare, options => options.Partitions["orders"] = 1);
        for (var number = 1; number <= 10; number++)
        {
            await flow.GivenAsync(Order($"{number}"));
        }

        await flow.SettledAsync();
        flow.Emitted<PointsGranted>().Select(item => item.Event.OrderId).ShouldBe(Enumerable.Range(1, 10).Select(number => $"{number}"));
    }

    private static void Gated(FlowBuilder flow) => flow.Projection<GatedTotals>("orders");

    private static WebApplication BuildApplication(string[] args, Action<FlowBuilder> infrastructure)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddFlow("loyalty", flow =>
        {
            infrastructure(flow);
            LoyaltyFlow.Declare(flow);
        });
        var app = builder.Build();
        app.MapGet("/time", (TimeProvider clock) => clock.GetUtcNow());
        return app;
    }

    [Events.Event("nameless")]
    private sealed record Nameless;

    private sealed class NeedsWhatIsNotThere(Gate gate) : Projection
    {
        public Gate Gate => gate;
    }

    private sealed class NeedsToo(Gate gate) : Reactor
    {
        public Gate Gate => gate;
    }
}
