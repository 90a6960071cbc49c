using System.Net;
using System.Net.WebSockets;
using FlowPlatform.Dashboard.Tests.Support;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;

namespace FlowPlatform.Dashboard.Tests.Security;

/// <summary>What pages may do in a browser, and who may ask for what.</summary>
public sealed class AccessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_health_telemetry_the_login_and_files_need_no_login()
    {
        await using var dashboard = await TestDashboard.StartAsync();

        var open = dashboard.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(static endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            .Select(static endpoint => endpoint.RoutePattern.RawText!.TrimStart('/')).Distinct().ToList();

        open.Where(static route => !Path.HasExtension(route) && !route.StartsWith("v1/", StringComparison.Ordinal) && !route.StartsWith("opentelemetry.", StringComparison.Ordinal) && !route.Contains("grpcunimplemented", StringComparison.Ordinal))
            .Order().ShouldBe(["alive", "denied", "health", "login"]);
        using var http = dashboard.Pages();
        (await http.GetStringAsync("/alive", Cancel)).ShouldBe("Healthy");
        (await http.GetStringAsync("/css/tokens.css", Cancel)).ShouldContain("--accent");
    }

    [Theory]
    [InlineData("/login")]
    [InlineData("/traces")]
    [InlineData("/dashboard.js")]
    [InlineData("/health")]
    public async Task Browsers_are_told_to_take_nothing_from_elsewhere(string path)
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = dashboard.Pages();

        using var answer = await http.GetAsync(path, Cancel);

        var policy = answer.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem();
        policy.ShouldContain("default-src 'none'");
        policy.ShouldContain("script-src 'self';");
        policy.ShouldContain("style-src 'self';");
        policy.ShouldContain("connect-src 'self';");
        policy.ShouldContain("frame-ancestors 'none'");
        policy.ShouldNotContain("unsafe");
        answer.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        answer.Headers.GetValues("Referrer-Policy").ShouldBe(["same-origin"]);
        answer.Headers.Contains("Server").ShouldBeFalse();
    }

    [Fact]
    public async Task Pages_need_no_script_or_style_of_their_own()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = await dashboard.LogInAsync();

        foreach (var entry in FlowPlatform.Dashboard.Layout.Navigation.Groups.SelectMany(static group => group.Entries))
        {
            var page = await http.GetStringAsync($"/{entry.Href}", Cancel);
            page.ShouldNotMatch("<style|\\sstyle=|\\son[a-z]+=|<script(?![^>]*src=)|https?://(?!127|www.w3.org)");
        }
    }

    [Theory]
    [InlineData("http://127.0.0.1:1")]
    [InlineData("null")]
    [InlineData("https://example.test")]
    public async Task What_another_origin_sends_is_refused(string origin)
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = await dashboard.LogInAsync();
        http.DefaultRequestHeaders.Add("Origin", origin);

        using var post = await http.PostAsync("/logout", new FormUrlEncodedContent([]), Cancel);
        post.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        using var negotiate = await http.PostAsync("/_blazor/negotiate?negotiateVersion=1", null, Cancel);
        negotiate.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Origin", origin);
        await Should.ThrowAsync<WebSocketException>(() => socket.ConnectAsync(new Uri($"ws{dashboard.Addresses.Pages[0][4..]}/_blazor"), Cancel));
        socket.HttpStatusCode.ShouldNotBe(HttpStatusCode.SwitchingProtocols);
    }

    [Fact]
    public async Task A_name_that_was_made_to_lead_here_is_not_answered()
    {
        await using var dashboard = await TestDashboard.StartAsync(settings: [("Dashboard:Frontend:AuthMode", "Unsecured")]);
        using var http = dashboard.Pages();
        using var own = await http.GetAsync("/not-there", Cancel);
        own.StatusCode.ShouldBe(HttpStatusCode.NotFound);

        using var request = new HttpRequestMessage(HttpMethod.Get, "/not-there") { Headers = { Host = "rebound.example.test" } };
        using var answer = await http.SendAsync(request, Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task The_cookie_opens_nothing_for_telemetry_and_the_key_no_page()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var cookie = await dashboard.LogInAsync();
        using var telemetry = new HttpRequestMessage(HttpMethod.Post, $"{dashboard.Addresses.OtlpHttp}/v1/traces") { Content = new ByteArrayContent([]) };
        using var refused = await cookie.SendAsync(telemetry, Cancel);
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

        using var key = dashboard.Pages();
        key.DefaultRequestHeaders.Add(TestDashboard.KeyHeader, TestDashboard.Key);
        using var page = await key.GetAsync("/traces", Cancel);
        page.StatusCode.ShouldBe(HttpStatusCode.Redirect);
    }

    [Theory]
    [InlineData("ASPNETCORE_URLS", "http://0.0.0.0:0", "Dashboard:Frontend:AuthMode", "Unsecured", "loopback only")]
    [InlineData("Dashboard:Frontend:BrowserToken", "short", null, null, "at least 16")]
    [InlineData("Dashboard:Frontend:AuthMode", "Nobody", null, null, "BrowserToken (the default), OpenIdConnect or Unsecured")]
    [InlineData("Dashboard:Frontend:AuthMode", "OpenIdConnect", null, null, "Authentication:Schemes:OpenIdConnect:Authority")]
    public void A_setting_that_would_leave_it_open_is_refused(string name, string value, string? otherName, string? otherValue, string says)
    {
        var settings = new Dictionary<string, string?> { ["Dashboard:Otlp:PrimaryApiKey"] = "key", [name] = value, [otherName ?? "unused"] = otherValue };

        Should.Throw<DashboardSettingsException>(() => DashboardSettings.From(new Microsoft.Extensions.Configuration.ConfigurationBuilder().Add(new Microsoft.Extensions.Configuration.Memory.MemoryConfigurationSource { InitialData = settings }).Build())).Message.ShouldContain(says);
    }

    [Fact]
    public void Pages_are_for_this_machine_unless_told_otherwise()
    {
        var settings = new Dictionary<string, string?> { ["Dashboard:Otlp:PrimaryApiKey"] = "key" };
        var read = DashboardSettings.From(new Microsoft.Extensions.Configuration.ConfigurationBuilder().Add(new Microsoft.Extensions.Configuration.Memory.MemoryConfigurationSource { InitialData = settings }).Build());

        read.IsLoopbackOnly.ShouldBeTrue();
        read.Frontend.BrowserToken.Length.ShouldBe(32);
        read.Frontend.KeyDirectory.ShouldBeNull();
    }
}
