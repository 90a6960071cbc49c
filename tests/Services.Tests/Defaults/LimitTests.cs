using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using FlowPlatform.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using ServiceDefaults;
using ServiceDefaults.Limits;

namespace Services.Tests.Defaults;

public sealed class LimitTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Beyond_what_is_in_work_and_waits_clients_are_sent_away_but_neither_operator_nor_probe()
    {
        var gate = new TaskCompletionSource();
        await using var service = await TestService.StartAsync(
            app =>
            {
                app.MapGet("/wait", async () => await gate.Task);
                app.MapFlowAdmin().MapGet("/verb", () => "done");
            },
            new() { ["FLOW_MAX_CONCURRENT_REQUESTS"] = "2" },
            "Development");

        var requests = Enumerable.Range(0, 5).Select(_ => service.Client.GetAsync("/wait", Cancel)).ToList();
        var refused = await await Task.WhenAny(requests);
        await ShouldBeAsync(refused, 503, "FLOW_MAX_CONCURRENT_REQUESTS");
        refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        (await service.Client.GetStringAsync("/flow/verb", Cancel)).ShouldBe("done");
        (await service.Client.GetStringAsync("/health", Cancel)).ShouldContain("Healthy");

        gate.SetResult();
        var answers = await Task.WhenAll(requests);
        answers.Count(answer => answer.StatusCode == HttpStatusCode.OK).ShouldBe(4);
    }

    [Fact]
    public async Task A_client_over_its_rate_is_told_when_to_come_again_and_then_served()
    {
        await using var service = await TestService.StartAsync(app => app.MapGet("/", () => "served"), new() { ["FLOW_CLIENT_RATE"] = "1", ["FLOW_CLIENT_BURST"] = "3" });
        for (var number = 0; number < 3; number++)
        {
            (await service.Client.GetStringAsync("/", Cancel)).ShouldBe("served");
        }

        using var refused = await service.Client.GetAsync("/", Cancel);
        await ShouldBeAsync(refused, 429, "FLOW_CLIENT_RATE");
        refused.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1));
        (await service.Client.GetStringAsync("/alive", Cancel)).ShouldContain("Healthy");
        await Eventually.ThatAsync("the client is served again", async () =>
        {
            using var answer = await service.Client.GetAsync("/", Cancel);
            return answer.IsSuccessStatusCode;
        });
    }

    [Fact]
    public async Task Without_a_setting_no_client_has_a_rate()
    {
        await using var service = await TestService.StartAsync(app => app.MapGet("/", () => "served"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => service.Client.GetStringAsync("/", Cancel)));
        answers.ShouldAllBe(answer => answer == "served");
    }

    [Fact]
    public async Task Guessing_the_admin_key_is_slow()
    {
        await using var service = await TestService.StartAsync(
            app => app.MapFlowAdmin().MapPost("/verb", () => "done"), new() { ["FLOW_ADMIN_KEY"] = "k3y", ["FLOW_ADMIN_RATE"] = "1" });
        for (var guess = 0; guess < 2; guess++)
        {
            using var wrong = await service.Client.PostAsync("/flow/verb", null, Cancel);
            wrong.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        }

        using var third = await service.Client.PostAsync("/flow/verb", null, Cancel);
        await ShouldBeAsync(third, 429, "FLOW_ADMIN_RATE");
    }

    [Fact]
    public async Task A_request_that_takes_too_long_is_given_up()
    {
        await using var service = await TestService.StartAsync(
            app => app.MapGet("/", async (CancellationToken stop) => await new TaskCompletionSource().Task.WaitAsync(stop)), new() { ["FLOW_REQUEST_TIMEOUT"] = "1" });
        using var answer = await service.Client.GetAsync("/", Cancel);
        await ShouldBeAsync(answer, 503, "FLOW_REQUEST_TIMEOUT");
        answer.Headers.RetryAfter.ShouldNotBeNull();
    }

    [Theory]
    [InlineData("FLOW_MAX_REQUEST_BODY", "0")]
    [InlineData("FLOW_CLIENT_RATE", "-1")]
    [InlineData("FLOW_ADMIN_RATE", "many")]
    [InlineData("FLOW_REQUEST_TIMEOUT", "1.5")]
    [InlineData("FLOW_MAX_CONNECTIONS", "9999999999")]
    public async Task A_limit_that_is_none_is_named(string key, string value) =>
        (await Should.ThrowAsync<InvalidOperationException>(() => TestService.StartAsync(_ => { }, new() { [key] = value }))).Message.ShouldContain($"{key} is '{value}'");

    [Fact]
    public async Task Connections_beyond_the_limit_are_closed()
    {
        await using var service = await TestService.StartAsync(app => app.MapGet("/", () => "served"), new() { ["FLOW_MAX_CONNECTIONS"] = "2" });
        using var first = await ConnectAsync(service);
        using var second = await ConnectAsync(service);
        (await AskAsync(first, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", until: "served")).ShouldContain("served");
        (await AskAsync(second, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", until: "served")).ShouldContain("served");
        using var third = await ConnectAsync(service);
        (await AskAsync(third, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")).ShouldBe("");
    }

    [Fact]
    public async Task A_body_that_trickles_is_given_up()
    {
        await using var service = await TestService.StartAsync(app => app.MapPost("/", (Dictionary<string, string> body) => body.Count));
        using var slow = await ConnectAsync(service);
        var answer = await AskAsync(slow, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{");
        answer.ShouldStartWith("HTTP/1.1 408 ");
    }

    [Fact]
    public async Task Headers_that_trickle_are_given_up()
    {
        await using var service = await TestService.StartAsync(_ => { });
        using var slow = await ConnectAsync(service);
        (await AskAsync(slow, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")).ShouldStartWith("HTTP/1.1 408 ");
    }

    [Theory]
    [InlineData(65, 10, "431")]
    [InlineData(2, 9_000, "431")]
    [InlineData(20, 100, "200")]
    public async Task Headers_have_a_number_and_a_size(int count, int length, string status)
    {
        await using var service = await TestService.StartAsync(app => app.MapGet("/", () => "served"));
        using var client = await ConnectAsync(service);
        var headers = string.Concat(Enumerable.Range(0, count).Select(number => $"X-{number}: {new string('h', length)}\r\n"));
        (await AskAsync(client, $"GET / HTTP/1.1\r\nHost: x\r\n{headers}\r\n")).ShouldStartWith($"HTTP/1.1 {status} ");
    }

    [Fact]
    public async Task A_path_has_a_length()
    {
        await using var service = await TestService.StartAsync(app => app.MapGet("/{id}", (string id) => id.Length));
        (await service.Client.GetStringAsync($"/{new string('p', 4_000)}", Cancel)).ShouldBe("4000");
        using var longer = await service.Client.GetAsync($"/{new string('p', 4_096)}", Cancel);
        await ShouldBeAsync(longer, 414, "4,096");
    }

    [Theory]
    [InlineData("GET /%00 HTTP/1.1")]
    [InlineData("GET /%FF%FE HTTP/1.1")]
    [InlineData("GET /\u00ff\u00fe HTTP/1.1")]
    [InlineData("GET /../../etc/passwd HTTP/1.1")]
    [InlineData("GET nowhere HTTP/1.1")]
    [InlineData("G\u0001T / HTTP/1.1")]
    [InlineData("GET / HTTP/9.9")]
    public async Task What_is_no_path_or_no_http_is_refused_and_never_a_fault_of_ours(string line)
    {
        await using var service = await TestService.StartAsync(app => app.MapGet("/orders/{id}", (string id) => id));
        using var client = await ConnectAsync(service);
        (await AskAsync(client, $"{line}\r\nHost: x\r\n\r\n")).ShouldMatch("^HTTP/1.1 (400|404|405|505) ");
    }

    [Theory]
    [InlineData("10.1.2.3", "10.1.2.3")]
    [InlineData("::ffff:10.1.2.3", "10.1.2.3")]
    [InlineData("2001:db8:1:2:3:4:5:6", "20010DB800010002")]
    [InlineData("2001:db8:1:2:ffff::1", "20010DB800010002")]
    public void A_client_is_an_address_or_a_network_of_its_own(string address, string client) =>
        RequestLimits.ClientOf(new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(address) } }).ShouldBe(client);

    private static async Task<TcpClient> ConnectAsync(TestService service)
    {
        var client = new TcpClient();
        await client.ConnectAsync(service.Address.Host, service.Address.Port, Cancel);
        return client;
    }

    /// <summary>What the server says, up to a text in it or the end of the connection; nothing if it closes at once.</summary>
    private static async Task<string> AskAsync(TcpClient client, string request, string until = "\r\n\r\n")
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        var stream = client.GetStream();
        var answer = new StringBuilder();
        var buffer = new byte[16 * 1024];
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request), limit.Token);
            int read;
            do
            {
                read = await stream.ReadAsync(buffer, limit.Token);
                answer.Append(Encoding.UTF8.GetString(buffer, 0, read));
            }
            while (read > 0 && !answer.ToString().Contains(until, StringComparison.Ordinal));
        }
        catch (IOException)
        {
            // Closed with a reset: what was said before counts.
        }

        return answer.ToString();
    }

    private static async Task ShouldBeAsync(HttpResponseMessage answer, int status, string named)
    {
        ((int)answer.StatusCode).ShouldBe(status);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("detail").GetString()!.ShouldContain(named);
    }
}
