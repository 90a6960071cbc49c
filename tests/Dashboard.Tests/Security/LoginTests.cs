using System.Net;
using System.Text.RegularExpressions;
using FlowPlatform.Dashboard.Tests.Support;

namespace FlowPlatform.Dashboard.Tests.Security;

/// <summary>Nothing is shown to whoever has not logged in.</summary>
public sealed partial class LoginTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/")]
    [InlineData("/traces")]
    [InlineData("/traces/11112222333344440000000000000001")]
    [InlineData("/no-such-page")]
    public async Task Who_has_not_logged_in_is_sent_to_the_login(string path)
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = dashboard.Pages();

        using var answer = await http.GetAsync(path, Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        answer.Headers.Location!.PathAndQuery.ShouldBe($"/login?returnUrl={Uri.EscapeDataString(path)}");
    }

    [Fact]
    public async Task Who_has_not_logged_in_gets_no_circuit()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = dashboard.Pages();

        using var answer = await http.PostAsync("/_blazor/negotiate?negotiateVersion=1", null, Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task The_printed_link_opens_the_dashboard()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = dashboard.Pages();

        using var login = await http.GetAsync(dashboard.LoginLink, Cancel);

        login.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        login.Headers.Location!.OriginalString.ShouldBe("/");
        var cookie = login.Headers.GetValues("Set-Cookie").Single(static cookie => cookie.StartsWith("flow-dashboard-", StringComparison.Ordinal));
        cookie.ShouldContain("; samesite=strict");
        cookie.ShouldContain("; httponly");
        cookie.ShouldNotContain(TestDashboard.Token);
        login.Headers.CacheControl!.NoStore.ShouldBeTrue();
        using var first = await http.GetAsync("/", Cancel);
        first.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        using var page = await http.GetAsync(first.Headers.Location, Cancel);
        page.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("wrong-token-of-this-test")]
    [InlineData("token-of-this-tes")]
    [InlineData("")]
    public async Task A_wrong_link_opens_nothing(string token)
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = dashboard.Pages();

        using var answer = await http.GetAsync($"/login?t={token}", Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await answer.Content.ReadAsStringAsync(Cancel)).ShouldContain("The token in the link is wrong");
        answer.Headers.TryGetValues("Set-Cookie", out var cookies);
        (cookies ?? []).ShouldNotContain(static cookie => cookie.StartsWith("flow-dashboard-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_token_can_be_entered_and_leads_to_the_page_that_was_asked_for()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = dashboard.Pages();
        var form = await http.GetStringAsync("/login?returnUrl=%2Ftraces%3Fservice%3Dorders", Cancel);
        form.ShouldNotContain("blazor.web.js");

        using var wrong = await EnterAsync(http, form, "not-the-token-of-this-test");
        wrong.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await wrong.Content.ReadAsStringAsync(Cancel)).ShouldContain("This is not the token");
        using var right = await EnterAsync(http, form, TestDashboard.Token);
        right.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        right.Headers.Location!.OriginalString.ShouldBe("/traces?service=orders");
    }

    [Theory]
    [InlineData("https://example.test/")]
    [InlineData("//example.test/")]
    [InlineData("/\\example.test/")]
    [InlineData("/\t/example.test/")]
    [InlineData("traces")]
    public async Task The_login_leads_nowhere_else(string returnUrl)
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = dashboard.Pages();

        using var answer = await http.GetAsync($"/login?t={TestDashboard.Token}&returnUrl={Uri.EscapeDataString(returnUrl)}", Cancel);

        answer.Headers.Location!.OriginalString.ShouldBe("/");
    }

    [Fact]
    public async Task A_form_of_another_site_is_refused()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = dashboard.Pages();

        using var without = await EnterAsync(http, "", TestDashboard.Token);
        without.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        using var loggedIn = await dashboard.LogInAsync();
        using var logout = await loggedIn.PostAsync("/logout", new FormUrlEncodedContent([]), Cancel);
        logout.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        using var page = await loggedIn.GetAsync("/not-there", Cancel);
        page.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Who_logs_out_is_out()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = await dashboard.LogInAsync();
        var page = await http.GetStringAsync((await http.GetAsync("/", Cancel)).Headers.Location, Cancel);

        using var answer = await http.PostAsync("/logout", new FormUrlEncodedContent([KeyValuePair.Create("__RequestVerificationToken", TokenOf(page))]), Cancel);

        answer.Headers.Location!.OriginalString.ShouldBe("/login");
        using var after = await http.GetAsync("/", Cancel);
        after.Headers.Location!.PathAndQuery.ShouldStartWith("/login");
    }

    [Fact]
    public async Task A_terminal_in_a_browser_opens_the_link_without_a_redirect()
    {
        // Chromium keeps a strict cookie back on every redirect of a navigation that another site has begun.
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = dashboard.Pages();
        http.DefaultRequestHeaders.Add("Sec-Fetch-Site", "cross-site");

        var page = await http.GetStringAsync(dashboard.LoginLink, Cancel);

        page.ShouldContain("""<meta http-equiv="refresh" content="0;url=/" />""");
    }

    [Fact]
    public async Task Guessing_comes_to_an_end()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = dashboard.Pages();

        await Eventually.ThatAsync("no more guesses are taken", async () =>
        {
            using var answer = await http.GetAsync("/login?t=guess", Cancel);
            return answer.StatusCode == HttpStatusCode.TooManyRequests && answer.Headers.RetryAfter is not null;
        });
        using var right = await http.GetAsync(dashboard.LoginLink, Cancel);
        right.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task A_cookie_outlives_a_restart_but_not_its_token()
    {
        using var directory = new TemporaryDirectory();
        string cookie;
        await using (var first = await TestDashboard.StartAsync(directory.Path))
        {
            using var http = first.Pages();
            using var login = await http.GetAsync(first.LoginLink, Cancel);
            cookie = login.Headers.GetValues("Set-Cookie").Single(static cookie => cookie.StartsWith("flow-dashboard-", StringComparison.Ordinal)).Split(';')[0];
        }

        await using (var again = await TestDashboard.StartAsync(directory.Path))
        {
            (await AskAsync(again)).ShouldBe(HttpStatusCode.NotFound);
        }

        await using var other = await TestDashboard.StartAsync(directory.Path, settings: ("Dashboard:Frontend:BrowserToken", "another-token-than-before"));
        (await AskAsync(other)).ShouldBe(HttpStatusCode.Redirect);

        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode Others = ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var keys = new DirectoryInfo(Path.Combine(directory.Path, "keys"));
            (keys.UnixFileMode & Others).ShouldBe(UnixFileMode.None);
            keys.GetFiles().ShouldNotBeEmpty();
            keys.GetFiles().ShouldAllBe(static file => file.UnixFileMode == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        }

        async Task<HttpStatusCode> AskAsync(TestDashboard dashboard)
        {
            using var http = new HttpClient(new HttpClientHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = new Uri(dashboard.Addresses.Pages[0]) };
            http.DefaultRequestHeaders.Add("Cookie", cookie);
            using var answer = await http.GetAsync("/not-there", Cancel);
            return answer.StatusCode;
        }
    }

    private static Task<HttpResponseMessage> EnterAsync(HttpClient http, string form, string token)
    {
        var action = form.Length > 0 ? "/login?returnUrl=%2Ftraces%3Fservice%3Dorders" : "/login";
        return http.PostAsync(action, new FormUrlEncodedContent([KeyValuePair.Create("_handler", "login"), KeyValuePair.Create("__RequestVerificationToken", TokenOf(form)), KeyValuePair.Create("token", token)]), Cancel);
    }

    private static string TokenOf(string page) => FormToken().Match(page).Groups["token"].Value;

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"(?<token>[^\"]+)\"")]
    private static partial Regex FormToken();
}
