using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Services.Tests.Defaults;

public sealed class ServiceDiscoveryTests
{
    [Fact]
    public async Task Requests_are_spread_over_replicas_and_go_on_where_nobody_listens()
    {
        await using var first = await TestService.StartAsync(app => app.MapPost("/echo", (HttpRequest request) => Results.Stream(request.Body, "text/first")));
        await using var second = await TestService.StartAsync(app => app.MapPost("/echo", (HttpRequest request) => Results.Stream(request.Body, "text/second")));
        await using var caller = await TestService.StartAsync(_ => { }, new Dictionary<string, string?>
        {
            ["services:echo:http:0"] = first.Address.ToString(),
            ["services:echo:http:1"] = $"http://127.0.0.1:{ClosedPort()}",
            ["services:echo:http:2"] = second.Address.ToString(),
        });
        using var client = caller.Services.GetRequiredService<IHttpClientFactory>().CreateClient();

        var answers = new Dictionary<string, int>();
        for (var number = 0; number < 9; number++)
        {
            using var response = await client.PostAsync("http://echo/echo", new StringContent($"body {number}"), TestContext.Current.CancellationToken);
            (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe($"body {number}");
            var type = response.Content.Headers.ContentType!.MediaType!;
            answers[type] = answers.GetValueOrDefault(type) + 1;
        }

        answers.ShouldBe(new Dictionary<string, int> { ["text/first"] = 3, ["text/second"] = 6 }, ignoreOrder: true);
    }

    [Fact]
    public async Task Where_no_replica_listens_the_caller_is_told()
    {
        await using var caller = await TestService.StartAsync(_ => { }, new Dictionary<string, string?>
        {
            ["services:echo:http:0"] = $"http://127.0.0.1:{ClosedPort()}",
            ["services:echo:http:1"] = $"http://127.0.0.1:{ClosedPort()}",
        });
        using var client = caller.Services.GetRequiredService<IHttpClientFactory>().CreateClient();

        var refused = await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync("http://echo/echo", TestContext.Current.CancellationToken));

        refused.HttpRequestError.ShouldBe(HttpRequestError.ConnectionError);
    }

    private static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
