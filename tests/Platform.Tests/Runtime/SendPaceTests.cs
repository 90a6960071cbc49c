using FlowPlatform.Outbox;

namespace FlowPlatform.Tests.Runtime;

public sealed class SendPaceTests
{
    private readonly VirtualClock clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly SendPace pace;

    public SendPaceTests() => pace = new SendPace(clock);

    [Fact]
    public void Ten_small_sends_of_a_quiet_partition_go_at_once_and_the_next_waits()
    {
        SendsAtOnce(10).ShouldBe(10);
        Waits().ShouldBeTrue();
    }

    [Fact]
    public void A_busy_partition_regains_a_send_every_fifty_milliseconds()
    {
        SendsAtOnce(10).ShouldBe(10);
        clock.Advance(TimeSpan.FromMilliseconds(25));
        Waits().ShouldBeTrue();
        clock.Advance(TimeSpan.FromMilliseconds(25));
        SendsAtOnce(2).ShouldBe(1);
        clock.Advance(TimeSpan.FromSeconds(60));
        SendsAtOnce(20).ShouldBe(10);
    }

    [Fact]
    public async Task A_send_that_waits_is_due_after_fifty_milliseconds()
    {
        SendsAtOnce(10).ShouldBe(10);
        var due = pace.WaitAsync(TestContext.Current.CancellationToken).AsTask();
        clock.Advance(TimeSpan.FromMilliseconds(50));
        await due;
        pace.Sent(worthAChunk: false);
        Waits().ShouldBeTrue();
    }

    [Fact]
    public void What_fills_a_chunk_does_not_count()
    {
        for (var sends = 0; sends < 100; sends++)
        {
            Waits().ShouldBeFalse();
            pace.Sent(worthAChunk: true);
        }

        SendsAtOnce(10).ShouldBe(10);
    }

    [Fact]
    public async Task A_wait_can_be_cancelled()
    {
        SendsAtOnce(10).ShouldBe(10);
        using var cancelled = new CancellationTokenSource();
        var due = pace.WaitAsync(cancelled.Token).AsTask();
        await cancelled.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => due);
    }

    private bool Waits() => !pace.WaitAsync(new CancellationToken(canceled: true)).AsTask().IsCompletedSuccessfully;

    private int SendsAtOnce(int most)
    {
        var sends = 0;
        while (sends < most && !Waits())
        {
            pace.Sent(worthAChunk: false);
            sends++;
        }

        return sends;
    }
}
