using Insights;
using ServiceDefaults;

namespace Services.Tests.Insights;

public sealed class RevenueQueryTests
{
    [Theory]
    [InlineData("2010-12-01", "2010-12-01T00")]
    [InlineData("2010-12-01T08", "2010-12-01T08")]
    [InlineData("2010-12-01T08:00", "2010-12-01T08")]
    [InlineData("2010-12-01T08:00:00Z", "2010-12-01T08")]
    [InlineData("2010-12-01T08:00:00.000Z", "2010-12-01T08")]
    [InlineData("2010-12-01T01:00:00+02:00", "2010-11-30T23")]
    public void Dates_and_times_are_hours_in_utc(string from, string hour)
    {
        var faults = new Faults();
        RevenueQuery.Parse(null, from, null, faults).ShouldBe(new RevenueQuery("day", hour, null));
        faults.Any.ShouldBeFalse();
    }

    [Theory]
    [InlineData("week", null, null, "by")]
    [InlineData("", null, null, "by")]
    [InlineData("day", "yesterday", null, "from")]
    [InlineData("day", "", null, "from")]
    [InlineData("day", "2010-13-01", null, "from")]
    [InlineData("day", null, "2010-12-01T08:30", "to")]
    [InlineData("hour", "2010-12-02", "2010-12-02", "to")]
    [InlineData("hour", "2010-12-02", "2010-12-01", "to")]
    public void Faults_are_named(string by, string? from, string? to, string field)
    {
        var faults = new Faults();
        RevenueQuery.Parse(by, from, to, faults);
        faults.Errors.Keys.ShouldBe([field]);
    }

    [Fact]
    public void All_faults_come_at_once()
    {
        var faults = new Faults();
        RevenueQuery.Parse("week", "x", "y", faults);
        faults.Errors.Keys.ShouldBe(["from", "to", "by"], ignoreOrder: true);
    }
}
