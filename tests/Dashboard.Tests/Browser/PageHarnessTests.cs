using FlowPlatform.Tests.Support.Browser;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

[assembly: AssemblyFixture(typeof(TestBrowser))]

namespace FlowPlatform.Dashboard.Tests.Browser;

/// <summary>A page that is wrong must fail the test that looks at it: what else could be believed?</summary>
public sealed class PageHarnessTests(TestBrowser browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_sound_page_passes() => OnAsync("<h1>Sound</h1><button id='b'>Go</button>", async page =>
    {
        await page.SeesAsync("the heading is there", page.Heading);
        await page.PressUntilFocusedAsync("Tab", page.Page.Locator("#b"), "the button");
        await page.LookAsync("harness/sound");
        new FileInfo(Artifacts.File("screenshots/harness", "sound-dark.png")).Length.ShouldBeGreaterThan(1_000);
    });

    [Theory]
    [InlineData("<h1>No</h1><script src='/fault.js'></script>", "console: wrong")]
    [InlineData("<h1>No</h1><script src='/throw.js'></script>", "script: ")]
    [InlineData("<h1>No</h1><script>let a = 1;</script>", "Content Security Policy")]
    [InlineData("<h1 style='color: red'>No</h1>", "Content Security Policy")]
    [InlineData("<h1>No</h1><img alt='' src='/none.png'>", "answer: 404 to GET")]
    [InlineData("<h1>No</h1><script src='https://cdn.example.org/a.js'></script>", "outside: GET https://cdn.example.org/a.js")]
    public async Task A_page_that_complains_fails(string body, string fault)
    {
        var failure = await Should.ThrowAsync<PageFaultException>(() => OnAsync(body, page => page.SeesAsync("the heading is there", page.Heading), isToFail: true));
        failure.Faults.ShouldContain(each => each.Contains(fault, StringComparison.Ordinal));
    }

    [Fact]
    public Task A_fault_that_the_test_provokes_passes() => OnAsync("<h1>Yes</h1><img alt='' src='/none.png'>", async page =>
    {
        await page.SeesAsync("the heading is there", page.Heading);
        page.Faults.ShouldHave("404");
    });

    [Theory]
    [InlineData("<h1>No</h1><img src='/dot.svg'>", "image-alt")]
    [InlineData("<h1>No</h1><p class='faint'>Hardly to be read</p>", "color-contrast")]
    public async Task A_page_that_not_everybody_can_use_fails(string body, string rule) =>
        (await Record.ExceptionAsync(() => OnAsync(body, page => page.LookAsync("harness/unusable"), isToFail: true))).ShouldBeOfType<ShouldAssertException>().Message.ShouldContain(rule);

    [Fact]
    public async Task A_page_that_is_too_wide_for_a_phone_fails() =>
        (await Record.ExceptionAsync(() => OnAsync("<h1>No</h1><p class='wide'>Wide</p>", page => page.LookAsync("harness/wide"), isToFail: true))).ShouldBeOfType<ShouldAssertException>().Message.ShouldContain("wider than its screen");

    [Fact]
    public async Task What_does_not_come_is_named() =>
        (await Should.ThrowAsync<FlowTestException>(() => OnAsync("<h1>Other</h1>", page => page.SeesAsync("the order is shown", page.Page.Locator("#order"), TimeSpan.FromMilliseconds(50)), isToFail: true))).Message.ShouldContain("the order is shown");

    private async Task OnAsync(string body, Func<BrowserPage, Task> test, bool isToFail = false)
    {
        await using var site = await SiteAsync(body);
        await browser.UseAsync(new Uri(site.Urls.First()), async page =>
        {
            await page.OpenAsync("/");
            await test(page);
        }, isToFail);
    }

    private static async Task<WebApplication> SiteAsync(string body)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapGet("/", context => HtmlAsync(context, body));
        app.MapGet("/favicon.ico", static () => Results.NoContent());
        app.MapGet("/dot.svg", static () => Results.Text("<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'/>", "image/svg+xml"));
        app.MapGet("/fault.js", static () => Results.Text("console.error('wrong')", "text/javascript"));
        app.MapGet("/throw.js", static () => Results.Text("throw new Error('thrown')", "text/javascript"));
        app.MapGet("/site.css", static () => Results.Text(".faint { color: #bbb; background: #fff } .wide { width: 900px }", "text/css"));
        await app.StartAsync(Cancel);
        return app;
    }

    private static Task HtmlAsync(HttpContext context, string body)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'self'";
        return context.Response.WriteAsync($"<!doctype html><html lang='en'><head><title>Test</title><meta name='viewport' content='width=device-width'><link rel='stylesheet' href='/site.css'></head><body><main>{body}</main></body></html>", context.RequestAborted);
    }
}
