using FlowPlatform.Chaos.Watching;
using FlowPlatform.Hosting;

namespace FlowPlatform.EndToEnd.Tests.Harness;

/// <summary>When a service counts as going on.</summary>
public sealed class StandingTests
{
    [Fact]
    public void Who_is_farther_in_every_partition_goes_on()
    {
        At(end: 12, marks: [6, 7], confirmed: 11).Stuck(At(end: 10, marks: [5, 5], confirmed: 9), out var moved).ShouldBeEmpty();
        moved.ShouldBeTrue();
    }

    [Fact]
    public void One_partition_that_stands_still_while_its_stream_grows_is_named()
    {
        At(end: 12, marks: [6, 5], confirmed: 11).Stuck(At(end: 10, marks: [5, 5], confirmed: 9), out var moved).ShouldBe(["totals on orders-1 at 5 of 12"]);
        moved.ShouldBeTrue();
    }

    [Fact]
    public void An_outbox_that_stands_still_is_named() =>
        At(end: 12, marks: [6, 6], confirmed: 9).Stuck(At(end: 10, marks: [5, 5], confirmed: 9), out _).ShouldBe(["outbox of orders-0 at 9 of 12", "outbox of orders-1 at 9 of 12"]);

    [Fact]
    public void A_stream_with_nothing_new_holds_nobody_up()
    {
        At(end: 10, marks: [10, 10], confirmed: 10).Stuck(At(end: 10, marks: [10, 10], confirmed: 10), out var moved).ShouldBeEmpty();
        moved.ShouldBeFalse();
    }

    [Fact]
    public void Who_was_at_the_end_and_is_behind_now_has_not_gone_on() =>
        At(end: 11, marks: [10, 10], confirmed: 11).Stuck(At(end: 10, marks: [10, 10], confirmed: 10), out _).ShouldBe(["totals on orders-0 at 10 of 11", "totals on orders-1 at 10 of 11"]);

    [Fact]
    public void Of_several_replicas_the_most_advanced_answer_counts()
    {
        var behind = Status([5, 5], 9);
        var ahead = Status([6, 6], 11);
        Standing.Of([behind, ahead], Ends(12))!.Stuck(At(end: 10, marks: [5, 5], confirmed: 9), out _).ShouldBeEmpty();
        Standing.Of([], Ends(12)).ShouldBeNull();
    }

    private static Standing At(long end, long[] marks, long confirmed) => Standing.Of([Status(marks, confirmed)], Ends(end))!;

    private static Dictionary<(string Stream, int Partition), long> Ends(long end) => new() { [("orders", 0)] = end, [("orders", 1)] = end };

    private static FlowStatus Status(long[] marks, long confirmed) => new(
        1,
        "orders",
        [.. marks.Index().Select(row => new PublishedPartitionStatus("orders", row.Index, 0, confirmed))],
        [.. marks.Index().Select(row => new ConsumerPartitionStatus("totals", "orders", row.Index, 0, row.Item, 0, 0, "live", "", null))],
        new OutboxStatus(0, 0, "running", null),
        0);
}
