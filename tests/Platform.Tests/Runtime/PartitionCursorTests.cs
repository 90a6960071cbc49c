using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Log;
using FlowPlatform.Stores;

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
        cursor.Take(Envelopes.Gap(1, 1).At(1)).ShouldBeFalse();
        var hole = Should.Throw<SequenceHoleException>(() => cursor.Take(Envelopes.Gap(1, 3).At(2)));
        (hole.From, hole.To).ShouldBe((2, 3));
    }

    [Fact]
    public void What_is_read_again_after_a_lost_tail_does_not_move_the_position_back()
    {
        Take10();
        StepBack(foundAt: 4, logEndsAt: 7);
        cursor.Take(Envelopes.PaidIn("e6", 6).At(5)).ShouldBeFalse();
        cursor.Current.NextOffset.ShouldBe(10);
        cursor.Take(Envelopes.PaidIn("e11", 11).At(8)).ShouldBeTrue();
        cursor.Current.NextOffset.ShouldBe(9);
    }

    [Fact]
    public void What_the_log_lacks_is_known_until_it_is_back()
    {
        Take10();
        StepBack(foundAt: 4, logEndsAt: 7);
        cursor.Shortage.ShouldBe(new Shortage("bank/1", 9, 10));
        cursor.Take(Envelopes.PaidIn("e9", 9).At(8)).ShouldBeFalse();
        cursor.Shortage.ShouldBe(new Shortage("bank/1", 10, 10));
        cursor.Take(Envelopes.PaidIn("e10", 10).At(9)).ShouldBeFalse();
        cursor.Shortage.ShouldBeNull();
        cursor.TryTakeNote(out _).ShouldBeFalse();
    }

    [Fact]
    public void A_tail_that_is_lost_for_ever_is_noted_when_the_producer_goes_on_under_another_name()
    {
        Take10();
        StepBack(foundAt: 4, logEndsAt: 7);
        cursor.Take(Envelopes.PaidIn("x1", 1, "bank/2").At(8)).ShouldBeTrue();
        cursor.TryTakeNote(out var note).ShouldBeTrue();
        note.Kind.ShouldBe("lost-tail");
        note.Detail.ShouldContain("sequences 9 to 10 of bank/1");
        cursor.Shortage.ShouldBeNull();
    }

    [Fact]
    public void A_sequence_that_comes_again_as_another_event_is_a_rewritten_history()
    {
        Take10();
        StepBack(foundAt: 4, logEndsAt: 7);
        cursor.Take(Envelopes.PaidIn("other 9", 9).At(8)).ShouldBeFalse();
        Should.Throw<LogIdentityException>(() => cursor.Take(Envelopes.PaidIn("other 10", 10).At(9))).Case.ShouldBe(LogIdentityCase.Rewritten);
        cursor.Current.Mark.ShouldBe(10);
    }

    [Fact]
    public void Foreign_events_among_others_are_not_applied_again_after_a_lost_tail_but_named()
    {
        cursor.Take(Envelopes.PaidIn("e1", 1).At(0));
        cursor.Take(Envelopes.PaidIn("f", 0, null).At(1)).ShouldBeTrue();
        cursor.Take(Envelopes.PaidIn("e2", 2).At(2));
        cursor.Commit(cursor.Current, new Anchor(0, "e1", Envelopes.Time));
        cursor.Recognise(new Resumption(LogPosition.At(1)) { Found = Envelopes.PaidIn("e1", 1).At(0), SteppedBack = true });
        Should.Throw<LogIdentityException>(() => cursor.Take(Envelopes.PaidIn("f", 0, null).At(1))).Case.ShouldBe(LogIdentityCase.ForeignTail);
    }

    [Fact]
    public void A_gap_that_is_passed_is_noted()
    {
        Take10();
        cursor.Take(Envelopes.Gap(3, 4).At(10)).ShouldBeFalse();
        cursor.TryTakeNote(out var note).ShouldBeTrue();
        (note.Kind, cursor.TryTakeNote(out _)).ShouldBe(("gap", false));
    }

    [Fact]
    public void Anchors_in_memory_are_bounded_and_the_oldest_stays()
    {
        for (var offset = 0; offset < 2_000; offset++)
        {
            cursor.Commit(cursor.Current, new Anchor(offset, $"e{offset}", Envelopes.Time));
        }

        cursor.Anchors.Count.ShouldBeLessThan(300);
        cursor.Anchors[0].Offset.ShouldBe(1_999);
        cursor.Anchors[^1].Offset.ShouldBe(0);
    }

    private void Take10()
    {
        for (var sequence = 1; sequence <= 10; sequence++)
        {
            cursor.Take(Envelopes.PaidIn($"e{sequence}", sequence).At(sequence - 1)).ShouldBeTrue();
        }

        cursor.Commit(cursor.Current, new Anchor(0, "e1", Envelopes.Time));
    }

    private void StepBack(int foundAt, int logEndsAt) => cursor.Recognise(new Resumption(LogPosition.At(foundAt + 1))
    {
        Found = Envelopes.PaidIn($"e{foundAt + 1}", foundAt + 1).At(foundAt), Last = Envelopes.PaidIn($"e{logEndsAt + 1}", logEndsAt + 1).At(logEndsAt), SteppedBack = true,
    });
}
