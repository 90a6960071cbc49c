using FlowPlatform.Dashboard.Tests.Support;

namespace FlowPlatform.Dashboard.Tests.Logs;

/// <summary>The page of structured logs as the server sends it.</summary>
public sealed class LogsPageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", 100)]
    [InlineData("level=error", 1)]
    [InlineData("service=payments", Scene.Orders)]
    [InlineData("text=GATEWAY", 1)]
    [InlineData("attribute=order%3D536370", 1)]
    [InlineData("trace=11112222333344440000000000000004", 2)]
    [InlineData("trace=11112222333344440000000000000004&span=0000000000000006", 1)]
    [InlineData("service=nobody", 0)]
    public async Task A_filter_in_the_address_leaves_only_what_matches(string filter, int count)
    {
        await using var dashboard = await Scene.PlayAsync();
        using var http = await dashboard.LogInAsync();

        var page = await http.GetStringAsync($"/logs?{filter}", Cancel);

        (page.Split("class=\"row-button\"").Length - 1).ShouldBe(count);
        page.Contains("No record matches", StringComparison.Ordinal).ShouldBe(count == 0);
        page.Contains(">Older</a>", StringComparison.Ordinal).ShouldBe(count == 100);
    }

    [Fact]
    public async Task A_record_leads_to_its_trace()
    {
        await using var dashboard = await Scene.PlayAsync();
        using var http = await dashboard.LogInAsync();

        (await http.GetStringAsync("/logs?level=error", Cancel)).ShouldContain($"href=\"traces/{Scene.Order(Scene.FailedOrder)}?span=0000000000000006\"");
    }

    [Fact]
    public async Task Ids_that_are_none_are_told()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = await dashboard.LogInAsync();

        (await http.GetStringAsync("/logs?trace=nonsense", Cancel)).ShouldContain("32 hexadecimal digits.</p>");
    }
}
