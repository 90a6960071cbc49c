using Contracts;
using FlowPlatform.Consumers;
using FlowPlatform.Hosting;
using FlowPlatform.Testing.Tests.Faulty;
using FlowPlatform.Testing.Tests.Loyalty;
using FlowPlatform.Testing.Tests.Upcasting;
using Microsoft.Extensions.DependencyInjection;
using static FlowPlatform.Testing.Tests.Faulty.PlantedProjections;
using static FlowPlatform.Testing.Tests.OrderEvents;

namespace FlowPlatform.Testing.Tests;

/// <summary>The kit passes what is sound, and finds each planted fault by the check that is for it.</summary>
public sealed class ConformanceTests
{
    [Fact]
    public async Task A_sound_projection_passes_every_check()
    {
        var report = await CheckAsync<WithoutFault.Planted>();
        report.Checks.ShouldBe([
            "the same rows a second time", "a crash before the rows", "a crash between rows and commit", "a crash between commit and the reader's next position", "a restart between batches", "other batches",
            "every event and every batch delivered twice", "other interleavings", "poison", "a rebuild",
        ]);
        report.ToString().ShouldStartWith("planted conforms: 12 events, crashes and poison at each, seed 1;");
    }

    [Fact]
    public async Task Of_a_long_history_the_seed_chooses_the_positions_and_the_report_names_them()
    {
        var report = await CheckAsync<WithoutFault.Planted>(History(60), options => (options.Positions, options.Seed, options.Interleavings) = (5, 7, 2));
        (report.Events, report.Seed, report.Positions.Count, report.Positions[0], report.Positions[^1]).ShouldBe((60, 7, 5, 1, 60));
        report.ToString().ShouldContain($"crashes and poison at 5 of them ({string.Join(", ", report.Positions)}), seed 7");
        (await CheckAsync<WithoutFault.Planted>(History(60), options => (options.Positions, options.Seed, options.Interleavings) = (5, 7, 2))).Positions.ShouldBe(report.Positions);
    }

    [Fact]
    public async Task A_projection_to_which_the_order_of_keys_matters_passes_if_it_does_not_park() => (await CheckAsync<InOrderOfItsPartition.Planted>()).Checks.ShouldContain("poison");

    [Fact]
    public async Task One_that_parks_is_refused() => await RefusedAsync<InOrderOfItsPartitionAndParks.Planted>("keys of one partition interleaved otherwise", "sets Parks = false", "Table planted: ", "  - customer_id=orders-");

    [Fact]
    public async Task What_is_static_is_found() => await RefusedAsync<StaticCounter.Planted>("the same events in the same order gave other rows the second time", "something static", "  + customer_id=");

    [Fact]
    public async Task A_cache_in_a_field_is_found_by_the_crash_after_which_it_is_not_there() => await RefusedAsync<CacheInAField.Planted>("a crash before its rows at event ", "What it keeps outside its tables");

    [Fact]
    public async Task A_side_store_is_found() => await RefusedAsync<SideStore.Planted>("gave other rows the second time", "a singleton", "  + customer_id=customer-0|orders=8");

    [Fact]
    public async Task What_is_remembered_of_a_transaction_that_was_rolled_back_is_found() =>
        await RefusedAsync<RemembersWhatWasRolledBack.Planted>("a crash after its rows and before the commit at event 1 of 12", "is not rolled back with its transaction", "  - customer_id=");

    [Fact]
    public async Task One_that_a_failure_breaks_for_others_is_found() =>
        await RefusedAsync<BreaksAfterAFailure.Planted>("while poison at event 1 of 12", "the other rows are not those of the events without it", "  - customer_id=");

    [Fact]
    public async Task The_ambient_clock_is_found() => await RefusedAsync<AmbientClock.Planted>("gave other rows the second time", "its only clock is context.Time");

    [Fact]
    public async Task The_services_clock_is_found_however_coarsely_it_is_read() => await RefusedAsync<InjectedClock.Planted>("gave other rows the second time", "note=2026-01-02 07");

    [Fact]
    public async Task New_ids_are_found() => await RefusedAsync<NewIds.Planted>("gave other rows the second time");

    [Fact]
    public async Task A_handler_that_swallows_what_it_should_fail_with_is_found_with_its_event() =>
        await RefusedAsync<SwallowsExceptions.Planted>("at event 1 of 12, orders.placed.v1 orders/", "the store refused what its handler wrote, and it said nothing (seed 1)");

    [Fact]
    public async Task What_came_last_across_partitions_is_found() => await RefusedAsync<LastOneWins.Planted>("partitions interleaved otherwise give other rows (order ", "rule C5");

    [Fact]
    public async Task A_fold_that_forgets_is_found() => await RefusedAsync<ForgetfulFold.Planted>("batches of 2 give other rows", "A fold by key must load what there is");

    [Fact]
    public async Task A_handler_that_fails_in_another_order_is_named_with_its_event()
    {
        var history = new EventHistory();
        for (var number = 1; number <= 12; number++)
        {
            history.Add(Order($"{number}"), Noon.AddMinutes(number));
            history.Add(new OrderShipped($"{number}", 1, 1, "t"), Noon.AddMinutes(number));
        }

        var failure = await Should.ThrowAsync<FlowTestException>(() => CheckAsync<ExpectsAnOrder.Planted>(history));
        failure.Message.ShouldContain("can't apply");
        failure.Message.ShouldContain("shipments.shipped.v1 shipments/");
        failure.ToString().ShouldContain("is unknown.");
    }

    [Fact]
    public async Task Old_versions_must_be_in_the_history_and_say_what_they_are_upcast_to()
    {
        (await CheckAsync<TakesOldVersions.Planted>(Weights())).Checks.ShouldContain("old versions");
        var failure = await Should.ThrowAsync<FlowTestException>(() => CheckAsync<LooksAtTheStoredVersion.Planted>(Weights()));
        failure.Message.ShouldContain("old versions of events give other rows than the versions that they are upcast to");
        failure.Message.ShouldContain("note=parcels.weighed.v1");
        var newest = new EventHistory();
        newest.Add(new Weighed("a", 1m, "north"), Noon);
        newest.Add(new Weighed("b", 1m, "north"), Noon);
        (await Should.ThrowAsync<FlowTestException>(() => CheckAsync<TakesOldVersions.Planted>(newest))).Message.ShouldStartWith("The history has no parcels.weighed.v1, no parcels.weighed.v2 in ");
    }

    [Fact]
    public async Task A_history_that_can_show_nothing_is_refused()
    {
        await RefusedAsync<WithoutFault.Planted>(new EventHistory(), "The history has no orders.placed.v1");
        var one = new EventHistory();
        one.Add(Order("1"), Noon);
        await RefusedAsync<WithoutFault.Planted>(one, "are of one partition, or of one key");
        await RefusedAsync<EmptyHanded>(History(12), "changes no row at any event");
        await RefusedAsync<Tableless>(History(12), "Schema/tableless/");
        (await Should.ThrowAsync<FlowTestException>(() => Conformance.OfAsync<EmptyHanded>(LoyaltyFlow.Declare, History(12)))).Message.ShouldBe(
            "The flow does not declare the projection EmptyHanded: it has GrantPoints, PointsByCustomer.");
    }

    [Fact]
    public async Task What_takes_longer_than_its_limit_is_given_up_and_says_where_it_was() =>
        (await Should.ThrowAsync<FlowTestException>(() => CheckAsync<WithoutFault.Planted>(configure: options => options.Limit = TimeSpan.Zero))).Message.ShouldStartWith(
            "planted was not checked within 0 s: it was at the first fold. Passed until then: nothing.");

    private static async Task RefusedAsync<TProjection>(params string[] reasons)
        where TProjection : Projection
    {
        var failure = await Should.ThrowAsync<FlowTestException>(() => CheckAsync<TProjection>());
        failure.Message.ShouldStartWith("planted does not conform: ");
        reasons.ShouldAllBe(reason => failure.Message.Contains(reason, StringComparison.Ordinal), failure.Message);
    }

    private static async Task RefusedAsync<TProjection>(EventHistory history, string reason)
        where TProjection : Projection =>
        (await Should.ThrowAsync<FlowTestException>(() => CheckAsync<TProjection>(history))).Message.ShouldContain(reason);

    private static Task<ConformanceReport> CheckAsync<TProjection>(EventHistory? history = null, Action<ConformanceOptions>? configure = null)
        where TProjection : Projection => Conformance.OfAsync<TProjection>(Declare<TProjection>, history ?? History(12), configure);

    private static void Declare<TProjection>(FlowBuilder flow)
        where TProjection : Projection
    {
        flow.Services.AddSingleton<SideStore.Counter>();
        flow.Projection<TProjection>("orders", "shipments", "parcels");
    }

    /// <summary>Orders of three customers, each order a key of its own.</summary>
    private static EventHistory History(int count)
    {
        var history = new EventHistory();
        for (var number = 1; number <= count; number++)
        {
            history.Add(Order($"{number}", $"customer-{number % 3}"), Noon.AddMinutes(number));
        }

        return history;
    }

    private static EventHistory Weights()
    {
        var history = new EventHistory();
        for (var number = 1; number <= 12; number++)
        {
            history.Add(number % 3 == 0 ? new WeighedV1($"p{number}", 1_500) : number % 3 == 1 ? new WeighedV2($"p{number}", 2.5m) : new Weighed($"p{number}", 3.5m, "north"), Noon.AddMinutes(number));
        }

        return history;
    }
}
