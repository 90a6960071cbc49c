using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Log;

namespace FlowPlatform.Tests.Runtime;

public sealed class PartitionCursorTests
{
    private readonly PartitionCursor cursor = new(Envelopes.Fresh());

    [Fact]
    public void A_sequence_at_or_below_the_mark_is_dropped_and_the_next_one_applied()
    {
        cursor.Take(Envelopes.PaidIn("a", 1).At(0)).ShouldBeTrue();
        cursor.Take(Envelopes.PaidIn("a", 1).At(1)).ShouldBeFalse();
        cursor.Take(Envelopes.PaidIn("b", 2).At(5)).ShouldBeTrue();
        cursor.Current.Mark.ShouldBe(2);
        cursor.Current.NextOffset.ShouldBe(6);
        cursor.Current.Applied.ShouldBe(2);
    }

    [Fact]
    public void A_sequence_beyond_the_next_is_a_hole_and_says_what_is_missing()
    {
        cursor.Take(Envelopes.PaidIn("a", 1).At(0));
        var hole = Should.Throw<SequenceHoleException>(() => cursor.Take(Envelopes.PaidIn("d", 4).At(1)));
        (hole.From, hole.To).ShouldBe((2, 3));
        cursor.Current.Mark.ShouldBe(1);
    }

    [Fact]
    public void Without_a_mark_sequence_one_is_required() =>
        Should.Throw<SequenceHoleException>(() => cursor.Take(Envelopes.PaidIn("b", 2).At(0))).From.ShouldBe(1);

    [Fact]
    public void Where_the_head_was_gone_at_attach_the_first_seen_is_where_it_joined()
    {
        cursor.HeadTruncated = true;
        cursor.Take(Envelopes.PaidIn("g", 7).At(70)).ShouldBeTrue();
        cursor.Current.JoinedAt.ShouldBe(7);
        Should.Throw<SequenceHoleException>(() => cursor.Take(Envelopes.PaidIn("i", 9).At(71))).From.ShouldBe(8);
    }

    [Fact]
    public void A_new_incarnation_starts_at_one_and_the_old_ones_mark_is_kept()
    {
        cursor.Take(Envelopes.PaidIn("a", 1).At(0));
        cursor.Take(Envelopes.PaidIn("b", 2).At(1));
        cursor.Commit(cursor.Current, null);
        cursor.ChangesProducer(Envelopes.PaidIn("x", 1, "bank/2").At(2)).ShouldBeTrue();
        cursor.Take(Envelopes.PaidIn("x", 1, "bank/2").At(2)).ShouldBeTrue();
        cursor.Commit(cursor.Current, null);
        cursor.Take(Envelopes.PaidIn("b", 2).At(3)).ShouldBeFalse();
    }

    [Fact]
    public void Foreign_events_are_applied_by_offset()
    {
        cursor.Take(Envelopes.PaidIn("f", 0, null).At(3)).ShouldBeTrue();
        cursor.Take(Envelopes.PaidIn("f", 0, null).At(3)).ShouldBeFalse();
        cursor.Take(Envelopes.PaidIn("g", 0, null).At(4)).ShouldBeTrue();
    }

    [Fact]
    public void Foreign_events_that_are_read_again_after_a_reconnect_are_dropped_all()
    {
        for (var offset = 3; offset <= 6; offset++)
        {
            cursor.Take(Envelopes.PaidIn("f", 0, null).At(offset)).ShouldBeTrue();
        }

        for (var offset = 4; offset <= 6; offset++)
        {
            cursor.Take(Envelopes.PaidIn("f", 0, null).At(offset)).ShouldBeFalse();
        }

        cursor.Current.NextOffset.ShouldBe(7);
        cursor.Take(Envelopes.PaidIn("f", 0, null).At(7)).ShouldBeTrue();
    }

    [Fact]
    public void A_gap_is_dropped_by_who_has_applied_it_and_stops_who_has_not()
    {
        cursor.Take(Envelopes.PaidIn("a", 1).At(0));
        cursor.Take(Gap(1, 1).At(1)).ShouldBeFalse();
        var hole = Should.Throw<SequenceHoleException>(() => cursor.Take(Gap(1, 3).At(2)));
        (hole.From, hole.To).ShouldBe((2, 3));
    }

    private static EventEnvelope Gap(long from, long to) => new()
    {
        Id = $"gap-{from}-{to}", Type = GapEvent.TypeName, Source = "bank", Key = "k", Time = Envelopes.Time, CommittedAt = Envelopes.Time, Producer = "bank/1", Sequence = to,
        Data = FlowJson.Serialize(new GapEvent(from, to)),
    };
}
