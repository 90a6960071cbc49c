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
    public async Task Other_events_at_the_same_offsets_are_another_log()
    {
        log.Append(Partition, [.. Enumerable.Range(1, 10).Select(i => Envelopes.PaidIn($"x{i}", i, "bank/2"))]);
        (await FailureAsync(At(offset: 4, mark: 5, new Anchor(0, "e1", Envelopes.Time)))).ShouldBe(LogIdentityCase.Recreated);
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

    private void Fill(int from, int count) => log.Append(Partition, [.. Enumerable.Range(from, count).Select(i => Envelopes.PaidIn($"e{i}", i))]);

    private async Task<LogPosition> ResumeAsync(PartitionCursor cursor) => (await LogRecognition.ResumeAsync(log, cursor, TestContext.Current.CancellationToken)).Position;

    private async Task<LogIdentityCase> FailureAsync(PartitionCursor cursor) => (await Should.ThrowAsync<LogIdentityException>(() => ResumeAsync(cursor))).Case;
}
