using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Shouldly;
using Xunit;

namespace FlowPlatform.AppHost.Tests;

/// <summary>The real AppHost, run in this process by Aspire's testing builder; nothing here says which orchestrator it is.</summary>
public sealed class PlacedOrderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_order_that_is_placed_is_shipped()
    {
        using var files = new OneOrder();

        #region apphost
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(files.Flags, Token);
        builder.CreateResourceBuilder<ProjectResource>("orders").WithEnvironment("LOGGING__LOGLEVEL__DEFAULT", "Warning");
        await using var app = await builder.BuildAsync(Token);
        await app.StartAsync(Token);
        foreach (var service in OneOrder.Services)
        {
            await app.ResourceNotifications.WaitForResourceHealthyAsync(service, Token);
        }

        using var orders = app.CreateHttpClient("orders");
        var order = new { orderId = "mine", customerId = "10001", country = "France", placedAt = "2010-12-01T09:00:00Z", lines = new[] { new { code = "70001A", quantity = 2, unitPrice = "2.55" } } };
        using var placed = await orders.PostAsJsonAsync("/orders", order, Token);
        placed.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await StatusAsync(orders, "mine", awaited: "shipped")).ShouldBe("shipped");
        #endregion

        app.GetEndpoint("orders", "http").ShouldBe(orders.BaseAddress);
        (await app.GetConnectionStringAsync("embedded-log", Token)).ShouldBe(Path.Combine(files.Data, "log"));
    }

    /// <summary>Asks until it has come so far, for two minutes at most; what it is then.</summary>
    private static async Task<string?> StatusAsync(HttpClient orders, string id, string awaited)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (true)
        {
            var status = (await orders.GetFromJsonAsync<JsonElement>($"/orders/{id}", limit.Token)).GetProperty("status").GetString();
            if (status == awaited || !await NextAsync(timer, limit.Token))
            {
                return status;
            }
        }
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken limit)
    {
        try
        {
            return await timer.WaitForNextTickAsync(limit);
        }
        catch (OperationCanceledException) when (!Token.IsCancellationRequested)
        {
            return false;
        }
    }
}
