using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.Orchestration.Tests.Supervision;

public sealed class BackoffTests
{
    [Fact]
    public void Waits_double_from_200_ms_to_10_s()
    {
        var backoff = new Backoff();
        var waits = Enumerable.Range(0, 40).Select(_ => backoff.Next(TimeSpan.FromSeconds(1)).TotalSeconds).ToArray();
        waits[..7].ShouldBe([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10]);
        waits[7..].ShouldAllBe(wait => wait == 10);
    }

    [Fact]
    public void Five_crashes_in_a_row_are_a_loop_and_a_long_life_ends_it()
    {
        var backoff = new Backoff();
        var looping = Enumerable.Range(0, 5).Select(_ =>
        {
            backoff.Next(TimeSpan.Zero);
            return backoff.IsLooping;
        }).ToArray();
        looping.ShouldBe([false, false, false, false, true]);
        backoff.Next(TimeSpan.FromSeconds(30)).ShouldBe(Backoff.First);
        backoff.IsLooping.ShouldBeFalse();
    }

    [Theory]
    [InlineData(137, "SIGKILL")]
    [InlineData(139, "SIGSEGV")]
    [InlineData(3, "exit code 3")]
    public void Exit_codes_are_told_as_what_they_mean(int code, string text) => ExitCodes.Describe(code).ShouldBe(text);
}
