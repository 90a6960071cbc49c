using Contracts;
using FlowPlatform.Consumers;
using FlowPlatform.Hosting;
using FlowPlatform.Testing.Tests.Faulty;
using FlowPlatform.Testing.Tests.Loyalty;
using static FlowPlatform.Testing.Tests.OrderEvents;

namespace FlowPlatform.Testing.Tests;

/// <summary>The checks must find what they are for, and refuse to say anything where they can't see anything.</summary>
public sealed class CheckTests
{
    [Fact]
    public async Task A_projection_that_keeps_what_came_last_is_found_with_its_rows_and_events()
    {
        var failure = await Should.ThrowAsync<FlowTestException>(() => Projections.AreCommutativeAsync(new LastOrder(), Orders(30)));
        failure.Message.ShouldStartWith("last-order depends on the order in which partitions are interleaved, or on how events are cut into transactions (seed 1):");
        failure.Message.ShouldContain("customer_id=anna|order_id=");
        failure.Message.ShouldContain("orders.placed.v1 orders/");
    }

    [Fact]
    public async Task A_fold_that_forgets_is_found_by_the_way_transactions_are_cut() =>
        (await Should.ThrowAsync<FlowTestException>(() => Projections.AreCommutativeAsync(new ForgetfulSums(), Orders(100)))).Message.ShouldContain("country=EIRE|orders=");

    [Fact]
    public async Task A_history_that_can_show_nothing_is_refused()
    {
        var one = new EventHistory();
        one.Add(Order("1"), Noon);
        await RefusedAsync(new LastOrder(), one, "one partition");
        await RefusedAsync(new LastOrder(), new EventHistory(), "no orders.placed.v1");
        await RefusedAsync(new ForgetfulSums(), new EventHistory(), "no orders.placed.v1");
        await RefusedAsync(new EmptyHanded(), Orders(10), "leaves all its tables empty");
        await RefusedAsync(new Tableless(), Orders(10), "Schema/tableless/");
    }

    [Fact]
    public async Task A_handler_that_fails_in_a_fold_is_named_with_its_events()
    {
        var history = Orders(1);
        history.Add(new OrderPlaced("2", "anna", null!, []), Noon);
        var failure = await Should.ThrowAsync<FlowTestException>(() => Projections.FoldAsync(new GatedTotals(OpenGate()), [[.. history.Records]]));
        failure.Message.ShouldContain("gated-totals can't apply 2 events");
        failure.InnerException.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_fold_can_be_read_and_gone_on_with()
    {
        await using var fold = await Projections.FoldAsync(new GatedTotals(OpenGate()), Orders(10));
        (await fold.QueryAsync<long>("SELECT orders FROM total")).ShouldBe([10]);
        await fold.ApplyAsync([.. Orders(5).Records]);
        (await fold.QueryAsync<long>("SELECT orders FROM total")).ShouldBe([15]);
    }

    [Fact]
    public async Task Tables_with_the_same_rows_have_one_hash_and_any_other_value_another()
    {
        await using var one = await Projections.FoldAsync(new LastOrder(), [[new EventHistory().Add(Order("1", "anna"), Noon), new EventHistory().Add(Order("2", "bert"), Noon)]]);
        await using var turned = await Projections.FoldAsync(new LastOrder(), [[new EventHistory().Add(Order("2", "bert"), Noon), new EventHistory().Add(Order("1", "anna"), Noon)]]);
        await using var other = await Projections.FoldAsync(new LastOrder(), [[new EventHistory().Add(Order("1", "anna"), Noon), new EventHistory().Add(Order("3", "bert"), Noon)]]);
        (await Tables.HashAsync(turned.Store)).ShouldBe(await Tables.HashAsync(one.Store));
        (await Tables.HashAsync(other.Store)).ShouldNotBe(await Tables.HashAsync(one.Store));
        (await Tables.DumpAsync(turned.Store, "last_order")).ShouldBe(["customer_id=anna|order_id=1", "customer_id=bert|order_id=2"]);
    }

    [Fact]
    public async Task A_reactor_that_draws_lots_is_found()
    {
        var failure = await Should.ThrowAsync<FlowTestException>(() => Reactors.AreDeterministicAsync(Start<DrawLots>("orders"), Orders(3)));
        failure.Message.ShouldContain("not alike (rule P7)");
        failure.Message.ShouldContain("first:  loyalty.granted.v1 ");
    }

    [Fact]
    public async Task A_reactor_whose_commands_depend_on_the_clock_is_found() =>
        (await Should.ThrowAsync<FlowTestException>(() => Reactors.AreDeterministicAsync(Start<LookAtClock>("orders"), Orders(3)))).Message.ShouldContain("first:  command loyalty.welcome ");

    [Fact]
    public async Task A_history_that_moves_no_reactor_is_refused() =>
        (await Should.ThrowAsync<FlowTestException>(() => Reactors.AreDeterministicAsync(Start<ExpectOrderFirst>("orders"), Orders(3)))).Message.ShouldContain("decided nothing");

    [Fact]
    public async Task A_reactor_that_expects_another_stream_first_is_found_with_what_came_before()
    {
        var history = Orders(5);
        for (var number = 1; number <= 5; number++)
        {
            history.Add(new OrderShipped($"{number}", 1, 1, "t"), Noon);
        }

        var failure = await Should.ThrowAsync<FlowTestException>(() => Reactors.AcceptAnyOrderAsync(Start<ExpectOrderFirst>("orders", "shipments"), history));
        failure.Message.ShouldContain("does not accept shipments.shipped.v1 of key");
        failure.Message.ShouldContain("after nothing (seed 1");
        failure.InnerException.ShouldBeOfType<InvalidOperationException>();
    }

    [Fact]
    public async Task An_end_that_the_caller_does_not_accept_is_named_with_its_seed()
    {
        var failure = await Should.ThrowAsync<FlowTestException>(() => Reactors.AcceptAnyOrderAsync(
            Start<ExpectOrderFirst>("orders"), Orders(6), flow => Task.FromException(new InvalidOperationException("Too few points.")), firstSeed: 77));
        failure.Message.ShouldBe("'loyalty' did not end as it must (seed 77): Too few points.");
    }

    [Fact]
    public void The_same_seed_gives_the_same_order_and_every_partition_keeps_its_own()
    {
        var history = Orders(200);
        var one = history.Interleave(5).Select(batch => batch.Select(record => record.Event.Id).ToList()).ToList();
        history.Interleave(5).Select(batch => batch.Select(record => record.Event.Id).ToList()).ShouldBe(one);
        history.Interleave(6).SelectMany(batch => batch).Select(record => record.Event.Id).ShouldNotBe(one.SelectMany(batch => batch));
        one.ShouldAllBe(batch => batch.Count >= 1 && batch.Count <= 60);
        foreach (var partition in history.Interleave(5).SelectMany(batch => batch).GroupBy(record => record.Partition))
        {
            partition.Select(record => record.Offset).ShouldBe(Enumerable.Range(0, partition.Count()).Select(offset => (long)offset));
        }

        history.ByPartition.Count.ShouldBe(3);
        history.Count.ShouldBe(200);
    }

    private static Gate OpenGate()
    {
        var gate = new Gate();
        gate.Opened.SetResult();
        return gate;
    }

    private static async Task RefusedAsync(Projection projection, EventHistory history, string reason) =>
        (await Should.ThrowAsync<FlowTestException>(() => Projections.AreCommutativeAsync(projection, history))).Message.ShouldContain(reason);

    private static Func<Task<SteppedFlow>> Start<TReactor>(params string[] streams)
        where TReactor : Reactor => () => SteppedFlow.StartAsync("loyalty", flow => flow.Publishes<LoyaltyEvent>("loyalty").Reactor<TReactor>(streams));
}
