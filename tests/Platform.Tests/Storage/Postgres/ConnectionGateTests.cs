using FlowPlatform.Storage.Postgres;
using FlowPlatform.Stores;
using Npgsql;

namespace FlowPlatform.Tests.Storage.Postgres;

public sealed class ConnectionGateTests
{
    private readonly VirtualClock clock = new(DateTimeOffset.UnixEpoch);
    private readonly ConnectionGate gate;
    private int opening;

    public ConnectionGateTests() => gate = new ConnectionGate(clock);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_the_server_answers_nobody_waits()
    {
        var attempts = Enumerable.Range(0, 100).Select(_ => new Attempt(this)).ToList();
        opening.ShouldBe(100);
        attempts.ForEach(attempt => attempt.Succeed());
        await Task.WhenAll(attempts.Select(attempt => attempt.Result));
    }

    [Fact]
    public async Task After_a_failure_one_tries_and_each_success_lets_two_follow()
    {
        await FailAsync();
        var attempts = Enumerable.Range(0, 20).Select(_ => new Attempt(this)).ToList();
        opening.ShouldBe(1);
        foreach (var (place, others) in new[] { (0, 3), (1, 6) })
        {
            attempts[place].Succeed();
            await Eventually.ThatAsync("twice as many try", () => Task.FromResult(opening), now => now == others);
        }

        for (var place = 2; place < attempts.Count; place++)
        {
            await attempts[place].IsOpening;
            attempts[place].Succeed();
        }

        await Task.WhenAll(attempts.Select(attempt => attempt.Result));
    }

    [Fact]
    public async Task A_second_failure_leaves_one_again()
    {
        await FailAsync();
        var attempts = Enumerable.Range(0, 6).Select(_ => new Attempt(this)).ToList();
        attempts[0].Succeed();
        await attempts[2].IsOpening;
        attempts[1].Fail();
        await Should.ThrowAsync<StoreBusyException>(attempts[1].Result);
        attempts[3].IsOpening.IsCompleted.ShouldBeFalse();
        attempts[2].Succeed();
        await attempts[3].IsOpening;
        await attempts[4].IsOpening;
        attempts.ForEach(attempt => attempt.Succeed());
        await attempts[5].Result;
    }

    [Fact]
    public async Task Who_waits_too_long_hears_why_and_takes_no_place()
    {
        await FailAsync();
        var first = new Attempt(this);
        var second = new Attempt(this);
        using var tired = new CancellationTokenSource();
        var third = new Attempt(this, tired.Token);
        await tired.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(third.Result);
        clock.Advance(TimeSpan.FromSeconds(5));
        (await Should.ThrowAsync<StoreBusyException>(second.Result)).Message.ShouldBe("Others are still trying to reach Postgres. There is no connection to Postgres: it is away");
        first.Succeed();
        await first.Result;
        var next = new Attempt(this);
        next.IsOpening.IsCompleted.ShouldBeTrue();
        next.Succeed();
        await next.Result;
    }

    [Fact]
    public async Task A_pool_that_is_used_up_says_nothing_of_the_server()
    {
        var attempt = new Attempt(this);
        attempt.Fail("The connection pool has been exhausted, either raise 'Max Pool Size'");
        await Should.ThrowAsync<StoreBusyException>(attempt.Result);
        var attempts = Enumerable.Range(0, 3).Select(_ => new Attempt(this)).ToList();
        attempts.ShouldAllBe(other => other.IsOpening.IsCompleted);
        attempts.ForEach(other => other.Succeed());
        await Task.WhenAll(attempts.Select(other => other.Result));
    }

    private async Task FailAsync()
    {
        var attempt = new Attempt(this);
        attempt.Fail();
        await Should.ThrowAsync<StoreBusyException>(attempt.Result);
        opening = 0;
    }

    /// <summary>Somebody who wants a connection; the test says what comes of it.</summary>
    private sealed class Attempt
    {
        private readonly TaskCompletionSource began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<int> outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Attempt(ConnectionGateTests tests, CancellationToken? cancellation = null) => Result = tests.gate.OpenAsync(
            async _ =>
            {
                Interlocked.Increment(ref tests.opening);
                began.SetResult();
                return await outcome.Task;
            },
            cancellation ?? Cancellation).AsTask();

        public Task<int> Result { get; }

        public Task IsOpening => began.Task.WaitAsync(TestRun.Limit, Cancellation);

        public void Succeed() => outcome.TrySetResult(1);

        public void Fail(string message = "it is away") => outcome.TrySetException(new NpgsqlException(message));
    }
}
