using FlowPlatform.Dashboard.Layout;
using FlowPlatform.Dashboard.Tests.Support;
using Microsoft.Playwright;

namespace FlowPlatform.Dashboard.Tests.Browser;

public sealed class LoginInBrowserTests(TestBrowser browser)
{
    [Fact]
    public async Task The_printed_link_logs_in_and_the_token_leaves_the_address()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        await browser.UseAsync(dashboard, async page =>
        {
            await page.SeesAsync("the first page is open", page.Heading);
            page.Address.ShouldBe($"/{Navigation.First}");
        });
    }

    [Fact]
    public async Task A_wrong_token_is_refused_and_the_right_one_leads_to_the_page_that_was_asked_for()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        await browser.UseAsync(new Uri(dashboard.Addresses.Pages[0]), async page =>
        {
            await page.OpenAsync($"/{Navigation.First}?of=test");
            await page.LookAsync("pages/login");
            await EnterAsync(page, "not-the-token-of-this-test");
            await page.SeesAsync("the token is refused", page.Page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "not the token" }));
            page.Faults.ShouldHave("401");

            await EnterAsync(page, TestDashboard.Token);
            await page.IsAtAsync(static address => address == $"/{Navigation.First}?of=test", "the page that was asked for is open");
        });
    }

    [Fact]
    public async Task Whoever_has_logged_out_must_log_in_again()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        await browser.UseAsync(dashboard, async page =>
        {
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Log out" }).ClickAsync();
            await page.IsAtAsync(static address => address == "/login", "the login is asked for");
            await page.OpenAsync("/");
            await page.SeesAsync("the token is asked for", page.Page.GetByLabel("Token"));
        });
    }

    private static async Task EnterAsync(BrowserPage page, string token)
    {
        await page.Page.GetByLabel("Token").FillAsync(token);
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
    }
}
