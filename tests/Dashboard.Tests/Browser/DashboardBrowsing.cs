using FlowPlatform.Dashboard.Tests.Support;

namespace FlowPlatform.Dashboard.Tests.Browser;

internal static class DashboardBrowsing
{
    /// <summary>Runs a test on the pages of a dashboard, logged in by its link.</summary>
    public static Task UseAsync(this TestBrowser browser, TestDashboard dashboard, Func<BrowserPage, Task> test) => browser.UseAsync(new Uri(dashboard.Addresses.Pages[0]), async page =>
    {
        await page.OpenAsync(dashboard.LoginLink.PathAndQuery);
        await test(page);
    });
}
