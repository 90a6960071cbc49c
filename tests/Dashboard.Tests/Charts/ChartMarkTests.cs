using FlowPlatform.Dashboard.Charts;

namespace FlowPlatform.Dashboard.Tests.Charts;

public sealed class ChartMarkTests
{
    private static readonly DateTimeOffset From = new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Of_marks_that_would_hide_each_other_the_greatest_is_drawn_and_none_from_before_the_chart()
    {
        ChartMark[] marks = [Mark(-30, 99), Mark(0, 1), Mark(1, 7), Mark(2, 3), Mark(30, 2), Mark(60, 5), Mark(61, 99)];

        ChartMark.Spread(marks, From, From.AddSeconds(60), parts: 10).Select(static mark => mark.Value).ShouldBe([7, 2, 5]);
    }

    private static ChartMark Mark(int seconds, double value) => new(From.AddSeconds(seconds), value, "", "");
}
