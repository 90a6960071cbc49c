using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ServiceDefaults;

namespace Services.Tests.Defaults;

public sealed class DefaultEndpointTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Health_gives_the_reason_while_alive_stays_green()
    {
        await using var service = await TestService.StartAsync(
            _ => { }, configure: builder => builder.Services.AddHealthChecks().AddCheck("broker", () => HealthCheckResult.Unhealthy("No broker answers.")));

        using var health = await service.Client.GetAsync("/health", Cancel);
        using var alive = await service.Client.GetAsync("/alive", Cancel);

        health.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        var checks = (await health.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("checks").EnumerateArray().ToList();
        checks.Single(check => check.GetProperty("name").GetString() == "broker").GetProperty("reason").GetString().ShouldBe("No broker answers.");
        alive.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Open_api_describes_amounts_as_strings_and_requests_as_closed()
    {
        await using var service = await TestService.StartAsync(app =>
        {
            app.MapGet("/price", () => new Price(1m, null));
            app.MapPost("/offer", (Offer offer) => offer.Of.Amount);
        });

        var document = await service.Client.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Cancel);

        var schemas = document.GetProperty("components").GetProperty("schemas");
        var amount = schemas.GetProperty("Price").GetProperty("properties").GetProperty("amount");
        amount.GetProperty("type").GetString().ShouldBe("string");
        amount.GetProperty("format").GetString().ShouldBe("decimal");
        schemas.GetProperty("Price").GetProperty("required").EnumerateArray().Select(name => name.GetString()).ShouldBe(["amount"], "what is null is left out");
        schemas.GetProperty("Price").GetProperty("additionalProperties").GetBoolean().ShouldBeFalse("it is in a request");
        schemas.GetProperty("HealthAnswer").TryGetProperty("additionalProperties", out _).ShouldBeFalse("an answer may grow");
    }

    [Theory]
    [InlineData("Production", null, null, 404)]
    [InlineData("Production", null, "anything", 404)]
    [InlineData("Development", null, null, 200)]
    [InlineData("Production", "k3y", null, 401)]
    [InlineData("Production", "k3y", "wrong", 401)]
    [InlineData("Development", "k3y", "wrong", 401)]
    [InlineData("Production", "k3y", "k3y", 200)]
    public async Task Admin_verbs_need_the_key(string environment, string? configured, string? sent, int status)
    {
        await using var service = await TestService.StartAsync(
            app => app.MapFlowAdmin().MapPost("/rebuild", () => "done"), new() { ["FLOW_ADMIN_KEY"] = configured }, environment);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/flow/rebuild");
        if (sent is not null)
        {
            request.Headers.Add(AdminKey.Header, sent);
        }

        using var answer = await service.Client.SendAsync(request, Cancel);

        ((int)answer.StatusCode).ShouldBe(status);
    }

    [Fact]
    public async Task Clients_find_services_by_name()
    {
        await using var orders = await TestService.StartAsync(app => app.MapGet("/who", () => "orders"));
        await using var service = await TestService.StartAsync(_ => { }, new() { ["services:orders:http:0"] = orders.Address.ToString() });
        var client = service.Services.GetRequiredService<IHttpClientFactory>().CreateClient("orders");

        (await client.GetStringAsync(new Uri("http://orders/who"), Cancel)).ShouldBe("orders");
        (await client.GetStringAsync(new Uri("https+http://orders/who"), Cancel)).ShouldBe("orders");
    }

    [Fact]
    public async Task Replicas_take_turns()
    {
        await using var first = await TestService.StartAsync(app => app.MapGet("/who", () => "first"));
        await using var second = await TestService.StartAsync(app => app.MapGet("/who", () => "second"));
        await using var service = await TestService.StartAsync(
            _ => { }, new() { ["services:orders:http:0"] = first.Address.ToString(), ["services:orders:http:1"] = second.Address.ToString() });
        var client = service.Services.GetRequiredService<IHttpClientFactory>().CreateClient("orders");

        string[] answers = [await client.GetStringAsync(new Uri("http://orders/who"), Cancel), await client.GetStringAsync(new Uri("http://orders/who"), Cancel)];

        answers.Order().ShouldBe(["first", "second"]);
    }

    [Fact]
    public async Task Shutdown_is_shorter_than_the_orchestrators_patience()
    {
        await using var service = await TestService.StartAsync(_ => { });

        service.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout.ShouldBeLessThan(TimeSpan.FromSeconds(10));
    }

    private sealed record Price(decimal Amount, decimal? Before);

    private sealed record Offer(Price Of);
}
