using System.Net;
using System.Security.Claims;
using FlowPlatform.Dashboard.Tests.Support;
using Microsoft.Playwright;

namespace FlowPlatform.Dashboard.Tests.Security;

/// <summary>The pages behind an identity provider, configured as Aspire's dashboard is.</summary>
public sealed class OpenIdConnectTests(TestBrowser browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whom_the_provider_knows_gets_the_page_that_was_asked_for()
    {
        await using var provider = await IdentityProvider.StartAsync();
        await using var dashboard = await StartAsync(provider);
        using var http = dashboard.Pages();

        using var answer = await FollowAsync(http, "/traces?service=orders");

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.RequestMessage!.RequestUri!.PathAndQuery.ShouldBe("/traces?service=orders");
        // The token is nothing here, and asked for by nobody.
        using var other = dashboard.Pages();
        using var token = await other.GetAsync(dashboard.LoginLink, Cancel);
        token.Headers.Location!.OriginalString.ShouldBe("/");
    }

    [Theory]
    [InlineData("ops", HttpStatusCode.OK, "/traces")]
    [InlineData("sales", HttpStatusCode.Forbidden, "/denied")]
    public async Task Only_who_has_the_claim_may_see_it(string role, HttpStatusCode status, string path)
    {
        await using var provider = await IdentityProvider.StartAsync(new Claim("role", role));
        await using var dashboard = await StartAsync(provider, ("Dashboard:Frontend:OpenIdConnect:RequiredClaimType", "role"), ("Dashboard:Frontend:OpenIdConnect:RequiredClaimValue", "ops"));
        using var http = dashboard.Pages();

        using var answer = await FollowAsync(http, "/traces");

        (answer.StatusCode, answer.RequestMessage!.RequestUri!.AbsolutePath).ShouldBe((status, path));
    }

    [Fact]
    public async Task An_answer_that_nobody_asked_for_opens_nothing()
    {
        await using var provider = await IdentityProvider.StartAsync();
        await using var dashboard = await StartAsync(provider);
        using var http = dashboard.Pages();

        using var answer = await http.GetAsync("/signin-oidc?code=0123456789ABCDEF&state=forged", Cancel);
        answer.Headers.Contains("Set-Cookie").ShouldBeFalse();

        using var page = await FollowAsync(http, answer.Headers.Location!.OriginalString);
        page.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await page.Content.ReadAsStringAsync(Cancel)).ShouldContain("Log in again");
        using var closed = await http.GetAsync("/traces", Cancel);
        closed.StatusCode.ShouldBe(HttpStatusCode.Redirect, "It opens nothing.");
    }

    [Fact]
    public async Task Who_logs_out_is_told_so_and_not_logged_in_again_at_once()
    {
        await using var provider = await IdentityProvider.StartAsync(new Claim("role", "sales"));
        await using var dashboard = await StartAsync(provider, ("Dashboard:Frontend:OpenIdConnect:RequiredClaimType", "role"), ("Dashboard:Frontend:OpenIdConnect:RequiredClaimValue", "ops"));
        await browser.UseAsync(new Uri(dashboard.Addresses.Pages[0]), async page =>
        {
            await page.OpenAsync("/traces");
            await page.SeesAsync("which claim is missing", page.Page.GetByText("role = ops"));
            await page.LookAsync("pages/denied");
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Log out" }).ClickAsync();
            await page.SeesAsync("that it worked", page.Page.GetByRole(AriaRole.Heading, new() { Name = "You are logged out" }));
            await page.LookAsync("pages/logged-out");
            await page.Page.GetByRole(AriaRole.Link, new() { Name = "Log in" }).ClickAsync();
            await page.SeesAsync("that the provider lets the same person in", page.Page.GetByRole(AriaRole.Heading, new() { Name = "You may not see this dashboard" }));
            await page.OpenAsync("/denied?because=answer");
            await page.LookAsync("pages/no-answer");
            page.Faults.ShouldHave("403");
            page.Faults.ShouldHave("400");
        });
    }

    private static Task<TestDashboard> StartAsync(IdentityProvider provider, params (string Name, string Value)[] settings) => TestDashboard.StartAsync(settings:
    [
        ("Dashboard:Frontend:AuthMode", "OpenIdConnect"),
        ("Authentication:Schemes:OpenIdConnect:Authority", provider.Authority),
        ("Authentication:Schemes:OpenIdConnect:ClientId", IdentityProvider.ClientId),
        ("Authentication:Schemes:OpenIdConnect:RequireHttpsMetadata", "false"),
        .. settings,
    ]);

    /// <summary>Follows redirects as a browser does, with a limit.</summary>
    private static async Task<HttpResponseMessage> FollowAsync(HttpClient http, string path)
    {
        var next = new Uri(http.BaseAddress!, path);
        for (var i = 0; i < 10; i++)
        {
            var answer = await http.GetAsync(next, Cancel);
            if (answer.Headers.Location is not { } location)
            {
                return answer;
            }

            next = new Uri(next, location);
            answer.Dispose();
        }

        throw new InvalidOperationException($"It goes round in circles, last to {next}.");
    }
}
