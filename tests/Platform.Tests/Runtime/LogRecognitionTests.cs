using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.Tests.Runtime;

public sealed class LogRecognitionTests
{
    private static readonly PartitionId Partition = new("accounts", 0);
    private readonly MemoryEventLog log = new();

    [Fact]
    public async Task A_log_that_has_the_last_record_is_resumed_after_it()
    {
        Fill(1, 10);
        (await ResumeAsync(At(offset: 9, mark: 10))).ShouldBe(LogPosition.At(10));
    }

    [Fact]
    public async Task After_a_lost_tail_the_newest_anchor_that_is_left_is_resumed_from()
    {
        Fill(1, 10);
        var cursor = At(offset: 19, mark: 20, new Anchor(15, "e16", Envelopes.Time), new Anchor(7, "e8", Envelopes.Time), new Anchor(0, "e1", Envelopes.Time));
        (await ResumeAsync(cursor)).ShouldBe(LogPosition.At(8));
    }

    [Fact]
    public async Task An_anchor_with_another_event_at_its_offset_is_not_taken()
    {
        Fill(1, 10);
        var cursor = At(offset: 19, mark: 20, new Anchor(7, "another", Envelopes.Time), new Anchor(3, "e4", Envelopes.Time));
        (await ResumeAsync(cursor)).ShouldBe(LogPosition.At(4));
    }

    [Fact]
    public async Task A_log_that_ends_before_every_anchor_is_truncated()
    {
        Fill(1, 5);
        (await FailureAsync(At(offset: 19, mark: 20, new Anchor(15, "e16", Envelopes.Time)))).ShouldBe(LogIdentityCase.Truncated);
    }

    [Fact]
    public async Task An_empty_log_that_had_events_is_waited_for()
    {
        log.Recreate("accounts");
        (await FailureAsync(At(offset: 4, mark: 5))).ShouldBe(LogIdentityCase.Emptied);
    }

    [Fact]
    public async Task Other_events_that_are_younger_than_the_checkpoint_are_a_stream_that_was_created_anew()
    {
        log.Append(Partition, [.. Enumerable.Range(1, 10).Select(i => Envelopes.PaidIn($"x{i}", i, "bank/2"))]);
        (await FailureAsync(At(offset: 4, mark: 5, new Anchor(0, "e1", Envelopes.Time.AddHours(-1))))).ShouldBe(LogIdentityCase.Recreated);
    }

    [Fact]
    public async Task Other_events_that_are_older_than_the_checkpoint_are_another_brokers()
    {
        log.Append(Partition, [.. Enumerable.Range(1, 10).Select(i => Envelopes.PaidIn($"x{i}", i, "bank/2"))]);
        (await FailureAsync(At(offset: 4, mark: 5, new Anchor(0, "e1", Envelopes.Time.AddHours(1))))).ShouldBe(LogIdentityCase.OtherBroker);
    }

    [Fact]
    public async Task Retention_that_took_another_incarnations_head_too_leaves_unknown_what_is_missing()
    {
        log.Append(Partition, [.. Enumerable.Range(1, 10).Select(i => Envelopes.PaidIn($"e{i}", i)), .. Enumerable.Range(1, 10).Select(i => Envelopes.PaidIn($"x{i}", i, "bank/2"))]);
        log.CutHead(Partition, 12);
        var failure = await Should.ThrowAsync<LogIdentityException>(() => ResumeAsync(At(offset: 4, mark: 5)));
        (failure.Case, failure.From, failure.To).ShouldBe((LogIdentityCase.RetentionOvertook, null, null));
    }

    [Fact]
    public async Task Retention_that_passed_the_checkpoint_says_which_sequences_are_missing()
    {
        Fill(1, 30);
        log.CutHead(Partition, 20);
        var failure = await Should.ThrowAsync<LogIdentityException>(() => ResumeAsync(At(offset: 9, mark: 10)));
        (failure.Producer, failure.From, failure.To).ShouldBe(("bank/1", 11, 20));
    }

    [Fact]
    public async Task What_a_foreign_writer_lost_can_not_be_told_from_what_comes_anew()
    {
        Foreign("f", 10);
        (await FailureAsync(Foreign(offset: 12, id: "f12"))).ShouldBe(LogIdentityCase.ForeignTail);
        (await FailureAsync(Foreign(offset: 5, id: "another"))).ShouldBe(LogIdentityCase.ForeignTail);
        (await ResumeAsync(Foreign(offset: 9, id: "f9"))).ShouldBe(LogPosition.At(10));
    }

    [Fact]
    public async Task Retention_over_a_foreign_writers_events_is_a_loss_unless_the_next_offset_is_there()
    {
        Foreign("f", 10);
        log.CutHead(Partition, 5);
        (await FailureAsync(Foreign(offset: 3, id: "f3"))).ShouldBe(LogIdentityCase.RetentionOvertook);
        (await ResumeAsync(Foreign(offset: 4, id: "f4"))).ShouldBe(LogPosition.First);
    }

    [Fact]
    public async Task A_log_that_shrank_after_it_was_recognised_is_noticed()
    {
        Fill(1, 10);
        var resumption = await LogRecognition.ResumeAsync(log, At(offset: 9, mark: 10), TestContext.Current.CancellationToken);
        (await LogRecognition.IsStillAsync(log, Partition, resumption, TestContext.Current.CancellationToken)).ShouldBeTrue();
        log.CutTail(Partition, 3);
        (await LogRecognition.IsStillAsync(log, Partition, resumption, TestContext.Current.CancellationToken)).ShouldBeFalse();
    }

    [Fact]
    public async Task Retention_that_passed_the_checkpoint_is_named()
    {
        Fill(1, 30);
        log.CutHead(Partition, 20);
        (await FailureAsync(At(offset: 9, mark: 10))).ShouldBe(LogIdentityCase.RetentionOvertook);
    }

    [Fact]
    public async Task Retention_up_to_the_checkpoint_loses_nothing()
    {
        Fill(1, 30);
        log.CutHead(Partition, 20);
        (await ResumeAsync(At(offset: 19, mark: 20))).ShouldBe(LogPosition.First);
    }

    [Fact]
    public async Task A_new_consumer_starts_at_the_first_record_and_notes_a_missing_head()
    {
        Fill(1, 30);
        log.CutHead(Partition, 20);
        var cursor = new PartitionCursor(Envelopes.Fresh());
        (await ResumeAsync(cursor)).ShouldBe(LogPosition.First);
        cursor.HeadTruncated.ShouldBeTrue();
    }

    private static PartitionCursor At(long offset, long mark, params Anchor[] anchors)
    {
        var fresh = Envelopes.Fresh();
        return new PartitionCursor(fresh with
        {
            Anchors = anchors,
            Checkpoint = fresh.Checkpoint with { NextOffset = offset + 1, LastOffset = offset, LastEventId = $"e{mark}", Mark = mark, Producer = "bank/1", Applied = mark, JoinedAt = 1 },
        });
    }

    private static PartitionCursor Foreign(long offset, string id)
    {
        var fresh = Envelopes.Fresh();
        return new PartitionCursor(fresh with { Checkpoint = fresh.Checkpoint with { NextOffset = offset + 1, LastOffset = offset, LastEventId = id, Applied = offset + 1 } });
    }

    private void Foreign(string prefix, int count) => log.Append(Partition, [.. Enumerable.Range(0, count).Select(i => Envelopes.PaidIn($"{prefix}{i}", 0, null))]);

    private void Fill(int from, int count) => log.Append(Partition, [.. Enumerable.Range(from, count).Select(i => Envelopes.PaidIn($"e{i}", i))]);

    private async Task<LogPosition> ResumeAsync(PartitionCursor cursor) => (await LogRecognition.ResumeAsync(log, cursor, TestContext.Current.CancellationToken)).Position;

    private async Task<LogIdentityCase> FailureAsync(PartitionCursor cursor) => (await Should.ThrowAsync<LogIdentityException>(() => ResumeAsync(cursor))).Case;
}
