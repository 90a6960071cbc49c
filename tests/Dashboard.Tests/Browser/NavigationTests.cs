using FlowPlatform.Dashboard.Layout;
using FlowPlatform.Dashboard.Tests.Support;
using Microsoft.Playwright;

namespace FlowPlatform.Dashboard.Tests.Browser;

public sealed class NavigationTests(TestBrowser browser)
{
    private static IReadOnlyList<NavigationEntry> Entries => [.. Navigation.Groups.SelectMany(static group => group.Entries)];

    [Fact]
    public async Task Every_entry_opens_its_page_without_a_complaint()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        await browser.UseAsync(dashboard, async page =>
        {
            foreach (var entry in Entries)
            {
                await Entry(page, entry).ClickAsync();
                await page.SeesAsync($"{entry.Title} is open", page.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = entry.Title, Exact = true }));
                page.Address.ShouldStartWith($"/{entry.Href}");
                page.Faults.ShouldBeNone();
            }

            await page.Page.GoBackAsync();
            await page.SeesAsync("the page before the last is open", page.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = Entries[^2].Title, Exact = true }));
        });
    }

    [Fact]
    public async Task Every_page_without_anything_to_show_can_be_used_by_everybody()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        await browser.UseAsync(dashboard, async page =>
        {
            foreach (var entry in Entries)
            {
                await page.OpenAsync($"/{entry.Href}");
                await page.LookAsync($"pages/empty-{entry.Href}");
            }
        });
    }

    [Fact]
    public async Task The_keyboard_reaches_every_page()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        await browser.UseAsync(dashboard, async page =>
        {
            await page.OpenAsync($"/{Navigation.First}");
            foreach (var entry in Entries)
            {
                await page.PressUntilFocusedAsync("Tab", Entry(page, entry), $"the navigation's {entry.Title}");
            }

            await page.Page.Keyboard.PressAsync("Enter");
            await page.SeesAsync($"{Entries[^1].Title} is open", page.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = Entries[^1].Title, Exact = true }));
        });
    }

    [Fact]
    public async Task On_a_phone_the_navigation_opens_and_closes()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        await browser.UseAsync(dashboard, async page =>
        {
            await page.Page.SetViewportSizeAsync(BrowserPage.Phone.Width, BrowserPage.Phone.Height);
            (await Entry(page, Entries[^1]).IsVisibleAsync()).ShouldBeFalse("the navigation covers a phone's page");
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Open the navigation" }).ClickAsync();
            await Entry(page, Entries[^1]).ClickAsync();
            await page.SeesAsync($"{Entries[^1].Title} is open", page.Page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = Entries[^1].Title, Exact = true }));
            await Entry(page, Entries[^1]).WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        });
    }

    [Fact]
    public async Task The_switch_changes_the_colours_and_is_remembered()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        await browser.UseAsync(dashboard, async page =>
        {
            var light = await GroundAsync(page);
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Switch between light and dark" }).ClickAsync();
            var dark = await GroundAsync(page);
            dark.ShouldNotBe(light);
            await page.Page.ReloadAsync();
            (await GroundAsync(page)).ShouldBe(dark);
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Switch between light and dark" }).ClickAsync();
            (await GroundAsync(page)).ShouldBe(light);
        });
    }

    private static ILocator Entry(BrowserPage page, NavigationEntry entry) => page.Page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = entry.Title, Exact = true });

    private static Task<string> GroundAsync(BrowserPage page) => page.Page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor");
}
