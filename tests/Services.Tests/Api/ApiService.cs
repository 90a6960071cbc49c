using System.Text.Json.Nodes;
using Contracts;
using FlowPlatform.Orchestration.Postgres;
using Insights;
using Inventory;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orders;
using Payments;
using ServiceDefaults;
using Shipping;
using Simulator;

namespace Services.Tests.Api;

/// <summary>Any of the services, whole, by its name.</summary>
internal sealed class ApiService : IAsyncDisposable
{
    private const string Key = "the-operators-key";
    private static readonly DateTimeOffset Morning = new(2010, 12, 1, 8, 26, 0, TimeSpan.Zero);
    private readonly FlowTest? flow;
    private readonly WebApplication? simulator;
    private readonly TemporaryDirectory? directory;

    private ApiService(string name, FlowTest flow)
    {
        (Name, this.flow, Client) = (name, flow, flow.Client);
        Client.DefaultRequestHeaders.Add(AdminKey.Header, Key);
    }

    private ApiService(WebApplication simulator, TemporaryDirectory directory) =>
        (Name, this.simulator, this.directory, Client) = ("simulator", simulator, directory, new HttpClient { BaseAddress = new Uri(simulator.Urls.First()) });

    public static TheoryData<string> Names => ["orders", "inventory", "payments", "shipping", "insights", "simulator"];

    public string Name { get; }

    public HttpClient Client { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>On a database of its own, or, without one, on files.</summary>
    public static Task<ApiService> StartAsync(string name, TestDatabase? database) =>
        StartAsync(name, database is null ? [] : [$"--ConnectionStrings:{name}-db={database.ConnectionString}"]);

    public static async Task<ApiService> StartAsync(string name, params string[] settings) => name switch
    {
        "orders" => new(name, await FlowTest.StartAsync(OrdersApp.Build, options => Set(options, settings))),
        "inventory" => new(name, await FlowTest.StartAsync(InventoryApp.Build, options => Set(options, settings))),
        "payments" => new(name, await FlowTest.StartAsync(PaymentsApp.Build, options => Set(options, settings))),
        "shipping" => new(name, await FlowTest.StartAsync(ShippingApp.Build, options => Set(options, settings))),
        "insights" => new(name, await FlowTest.StartAsync(InsightsApp.Build, options => Set(options, settings))),
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
                await flow!.GivenAsync(new StockReserved("536365", "17850", "United Kingdom", 18.69m, 7, []), Morning);
                await AnswersAsync("/payments/536365", "pending");
                break;
            case "shipping":
                await flow!.GivenAsync(new StockReserved("536365", "17850", "United Kingdom", 18.69m, 7, []), Morning);
                await flow!.GivenAsync(new OrderCancelRequested("536366"), Morning);
                await AnswersAsync("/shipments/536365", "waiting");
                await AnswersAsync("/shipments/536366", "cancelled");
                break;
            case "insights":
                await flow!.GivenAsync(new OrderPlaced("536365", "17850", "United Kingdom", [new OrderLine("85123A", 6, 2.55m), new OrderLine("POST", 1, 3.39m)]), Morning);
                await flow!.GivenAsync(new LedgerAdjusted("A1", -10.50m, "Adjust bad debt"), Morning);
                await AnswersAsync("/revenue", "8.19");
                break;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (flow is not null)
        {
            await flow.DisposeAsync();
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

    /// <summary>Settings as on a command line, <c>--KEY=value</c>.</summary>
    private static void Set(FlowTestOptions options, string[] settings)
    {
        options.Settings["FLOW_ADMIN_KEY"] = Key;
        options.Settings["FLOW_ADMIN_RATE"] = "10000";
        foreach (var setting in settings)
        {
            var (key, value) = (setting[2..setting.IndexOf('=', StringComparison.Ordinal)], setting[(setting.IndexOf('=', StringComparison.Ordinal) + 1)..]);
            options.Settings[key] = value;
        }
    }

    private Task AnswersAsync(string path, string word) => Eventually.ThatAsync($"{path} says {word}", async () =>
    {
        using var answer = await Client.GetAsync(path, Cancellation);
        return (await answer.Content.ReadAsStringAsync(Cancellation)).Contains(word, StringComparison.Ordinal);
    });
}
