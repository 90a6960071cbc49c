namespace FlowPlatform.Testing.Tests;

public sealed class EventuallyTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task The_message_names_condition_limit_and_last_value()
    {
        var reads = 0;
        var failure = await Should.ThrowAsync<FlowTestException>(() => Eventually.ThatAsync("four rows are there", () => Task.FromResult<int[]>([1, 2, ++reads > 0 ? 3 : 0]), rows => rows.Length == 4, Short));
        failure.Message.ShouldBe("Not within 0.05 s: four rows are there. The last value was [1, 2, 3].");
        reads.ShouldBeGreaterThan(1);
    }

    [Fact]
    public async Task A_condition_without_a_value_is_named() =>
        (await Should.ThrowAsync<FlowTestException>(() => Eventually.ThatAsync("it rains", () => false, Short))).Message.ShouldBe("Not within 0.05 s: it rains.");

    [Fact]
    public async Task A_condition_that_never_answers_is_not_waited_for() =>
        (await Should.ThrowAsync<FlowTestException>(() => Eventually.ThatAsync("it answers", () => new TaskCompletionSource<bool>().Task, Short))).Message.ShouldEndWith("It was never answered.");

    [Fact]
    public async Task The_value_that_fits_is_returned()
    {
        var reads = 0;
        (await Eventually.ThatAsync("three", () => Task.FromResult(++reads), value => value == 3)).ShouldBe(3);
    }

    [Fact]
    public async Task An_exception_comes_out_at_once() =>
        await Should.ThrowAsync<InvalidOperationException>(() => Eventually.ThatAsync("it works", bool () => throw new InvalidOperationException("It is broken.")));

    [Theory]
    [InlineData(null, "null")]
    [InlineData("", "\"\"")]
    [InlineData(1.5, "1.5")]
    public async Task Values_are_shown_as_they_are_written(object? value, string shown) =>
        (await Should.ThrowAsync<FlowTestException>(() => Eventually.ThatAsync("never", () => Task.FromResult(value), _ => false, Short))).Message.ShouldEndWith($"The last value was {shown}.");

    [Fact]
    public async Task Values_within_values_are_shown_too() =>
        (await Should.ThrowAsync<FlowTestException>(() => Eventually.ThatAsync("never", () => Task.FromResult(("orders", Own: new List<int> { 1, 2 })), _ => false, Short)))
            .Message.ShouldEndWith("The last value was (\"orders\", [1, 2]).");
}
