using System.Text.Json.Nodes;
using Contracts;
using FlowPlatform.Tests.Support;
using Insights;
using Inventory;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orders;
using Payments;
using Services.Tests.Process;
using Shipping;
using Simulator;

namespace Services.Tests.Api;

/// <summary>Any of the services, whole, by its name.</summary>
internal sealed class ApiService : IAsyncDisposable
{
    private static readonly DateTimeOffset Morning = new(2010, 12, 1, 8, 26, 0, TimeSpan.Zero);
    private readonly ServiceFixture? fixture;
    private readonly WebApplication? simulator;
    private readonly TemporaryDirectory? directory;

    private ApiService(string name, ServiceFixture fixture) => (Name, this.fixture, Client) = (name, fixture, fixture.Client);

    private ApiService(WebApplication simulator, TemporaryDirectory directory) =>
        (Name, this.simulator, this.directory, Client) = ("simulator", simulator, directory, new HttpClient { BaseAddress = new Uri(simulator.Urls.First()) });

    public static TheoryData<string> Names => ["orders", "inventory", "payments", "shipping", "insights", "simulator"];

    public string Name { get; }

    public HttpClient Client { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<ApiService> StartAsync(string name, params string[] settings) => name switch
    {
        "orders" => new(name, await ServiceFixture.StartAsync(OrdersApp.Build, typeof(OrdersApp).Assembly, settings, ["inventory", "payments", "shipments"])),
        "inventory" => new(name, await ServiceFixture.StartAsync(InventoryApp.Build, typeof(InventoryApp).Assembly, settings, ["orders", "payments", "shipments"])),
        "payments" => new(name, await ServiceFixture.StartAsync(PaymentsApp.Build, typeof(PaymentsApp).Assembly, settings, ["orders", "inventory", "shipments"])),
        "shipping" => new(name, await ServiceFixture.StartAsync(ShippingApp.Build, typeof(ShippingApp).Assembly, settings, ["orders", "inventory", "payments"])),
        "insights" => new(name, await ServiceFixture.StartAsync(InsightsApp.Build, typeof(InsightsApp).Assembly, settings, ["orders", "payments"])),
        "simulator" => await StartSimulatorAsync(settings),
        _ => throw new ArgumentException($"There is no service '{name}'."),
    };

    public async Task<JsonNode> DocumentAsync() => JsonNode.Parse(await Client.GetStringAsync("/openapi/v1.json", Cancellation))!;

    /// <summary>What other services have published before the examples begin.</summary>
    public async Task SeedAsync()
    {
        switch (Name)
        {
            case "payments":
                Append("inventory", new StockReserved("536365", "17850", "United Kingdom", 18.69m, 7, []), 1);
                await AnswersAsync("/payments/536365", "pending");
                break;
            case "shipping":
                Append("inventory", new StockReserved("536365", "17850", "United Kingdom", 18.69m, 7, []), 1);
                Append("orders", new OrderCancelRequested("536366"), 1);
                await AnswersAsync("/shipments/536365", "waiting");
                await AnswersAsync("/shipments/536366", "cancelled");
                break;
            case "insights":
                Append("orders", new OrderPlaced("536365", "17850", "United Kingdom", [new OrderLine("85123A", 6, 2.55m), new OrderLine("POST", 1, 3.39m)]), 1);
                Append("payments", new LedgerAdjusted("A1", -10.50m, "Adjust bad debt"), 1);
                await AnswersAsync("/revenue", "8.19");
                break;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (fixture is not null)
        {
            await fixture.DisposeAsync();
            return;
        }

        Client.Dispose();
        await simulator!.StopAsync(CancellationToken.None);
        await simulator.DisposeAsync();
        directory!.Dispose();
    }

    /// <summary>The simulator finds nobody to send to, and goes on trying.</summary>
    private static async Task<ApiService> StartSimulatorAsync(string[] settings)
    {
        var directory = new TemporaryDirectory();
        var builder = WebApplication.CreateBuilder(
            ["--urls=http://127.0.0.1:0", "--environment=Production", "--applicationName=Simulator", .. SimulatorOptions.Services.Select(service => $"--services:{service}:http:0=http://127.0.0.1:9"), .. settings]);
        builder.AddServiceDefaults();
        builder.Logging.ClearProviders();
        var app = SimulatorApp.Build(builder, new SimulatorOptions { DataDirectory = directory.Path }, TextWriter.Null);
        await app.StartAsync(Cancellation);
        return new ApiService(app, directory);
    }

    private void Append(string stream, object @event, long sequence)
    {
        var record = StilledService.Record(stream, @event, Morning, $"{stream}/{sequence}");
        fixture!.Log.Append(record.Partition, record.Event);
    }

    private Task AnswersAsync(string path, string word) => Eventually.ThatAsync($"{path} says {word}", async () =>
    {
        using var answer = await Client.GetAsync(path, Cancellation);
        return (await answer.Content.ReadAsStringAsync(Cancellation)).Contains(word, StringComparison.Ordinal);
    });
}
