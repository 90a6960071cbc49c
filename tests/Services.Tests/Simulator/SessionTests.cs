using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Contracts.Http;
using FlowPlatform.Events;
using FlowPlatform.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Simulator;
using Simulator.Shop;

namespace Services.Tests.Simulator;

public sealed class SessionTests : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private readonly StringWriter output = new();
    private FakeWorld? started;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private FakeWorld World => started!;

    public async ValueTask InitializeAsync() => started = await FakeWorld.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await World.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task A_dataset_is_replayed_checked_and_reported_and_ends_with_0()
    {
        var (dataset, report) = (Path.Combine(directory.Path, "retail.csv.gz"), Path.Combine(directory.Path, "report.json"));
        await SyntheticFile.WriteAsync(dataset, new SyntheticFile.Options { Orders = 250, Seed = 8 }, Cancel);
        var code = await RunAsync(("FLOW_SIM_DATASET", dataset), ("FLOW_SIM_SPEED", "max"), ("FLOW_SIM_UNTIL_DONE", "true"), ("FLOW_SIM_REPORT", report));
        using var written = JsonDocument.Parse(await File.ReadAllTextAsync(report, Cancel));
        written.RootElement.GetProperty("invariants").EnumerateArray().Where(invariant => !invariant.GetProperty("ok").GetBoolean()).Select(invariant => invariant.ToString()).ShouldBeEmpty();
        code.ShouldBe(0);
        output.ToString().ShouldContain("250 placed, 250 shipped");
        written.RootElement.GetProperty("dataset").GetString().ShouldBe("retail.csv.gz");
        written.RootElement.GetProperty("orders").GetProperty("shipped").GetInt64().ShouldBe(250);
    }

    [Fact]
    public async Task A_flow_that_stands_still_is_stalled_and_ends_with_1_naming_who_is_stuck()
    {
        var clock = new ManualClock();
        await using var app = Build(clock, ("FLOW_SIM_ORDERS", "6"), ("FLOW_SIM_RATE", "1000000000"), ("FLOW_SIM_UNTIL_DONE", "true"));
        await app.StartAsync(Cancel);
        await Eventually.ThatAsync("nothing is shipped and time passes", () =>
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            return app.Services.GetRequiredService<SessionOutcome>().ExitCode is not null;
        });
        await app.WaitForShutdownAsync(Cancel);
        app.Services.GetRequiredService<SessionOutcome>().ExitCode.ShouldBe(1);
        output.ToString().ShouldContain("Stalled: nothing has moved for 60 s.");
        output.ToString().ShouldContain("open: 6 placed");
        output.ToString().ShouldContain("  placed: stuck-order");
    }

    [Fact]
    public async Task A_failed_invariant_ends_with_1_and_is_in_the_report()
    {
        World.Books = ledger => ledger with { Charged = ledger.Charged + 0.01m };
        var (dataset, report) = (Path.Combine(directory.Path, "retail.csv"), Path.Combine(directory.Path, "report.json"));
        await SyntheticFile.WriteAsync(dataset, new SyntheticFile.Options { Orders = 20 }, Cancel);
        var code = await RunAsync(("FLOW_SIM_DATASET", dataset), ("FLOW_SIM_SPEED", "max"), ("FLOW_SIM_UNTIL_DONE", "1"), ("FLOW_SIM_REPORT", report));
        code.ShouldBe(1);
        using var written = JsonDocument.Parse(await File.ReadAllTextAsync(report, Cancel));
        written.RootElement.GetProperty("invariants").EnumerateArray().Single(invariant => !invariant.GetProperty("ok").GetBoolean())
            .GetProperty("name").GetString().ShouldBe("money taken = value shipped + refunds of unshipped orders");
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_ends_with_1_before_anything_is_sent()
    {
        var dataset = Path.Combine(directory.Path, "retail.csv");
        await SyntheticFile.WriteAsync(dataset, new SyntheticFile.Options { Orders = 20 }, Cancel);
        await File.AppendAllTextAsync(dataset, "536365,22138\n", Cancel);
        (await RunAsync(("FLOW_SIM_DATASET", dataset), ("FLOW_SIM_SPEED", "max"))).ShouldBe(1);
        World.Bodies.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_checks_refuse_a_directory_that_holds_another_input()
    {
        (await RunAsync(("FLOW_SIM_ORDERS", "5"), ("FLOW_SIM_RATE", "1000"), ("FLOW_SIM_SEED", "2"), ("FLOW_SIM_UNTIL_DONE", "true"), ("FLOW_SIM_REPORT", null))).ShouldNotBeNull();
        var dataset = Path.Combine(directory.Path, "retail.csv");
        await SyntheticFile.WriteAsync(dataset, new SyntheticFile.Options { Orders = 20 }, Cancel);
        var before = World.Bodies.Count;
        (await RunAsync(("FLOW_SIM_DATASET", dataset), ("FLOW_SIM_UNTIL_DONE", "true"))).ShouldBe(1);
        World.Bodies.Count.ShouldBe(before);
    }

    [Fact]
    public async Task The_shop_runs_on_until_it_is_stopped_and_then_has_no_exit_code()
    {
        await using var app = Build(("FLOW_SIM_RATE", "500/s"), ("FLOW_SIM_SEED", "3"));
        await app.StartAsync(Cancel);
        await Eventually.ThatAsync("orders arrive", () => World.Orders.Count > 20);
        await app.StopAsync(Cancel);
        app.Services.GetRequiredService<SessionOutcome>().ExitCode.ShouldBeNull();
        World.Orders.Keys.ShouldAllBe(id => id.StartsWith("3-"));
    }

    [Fact]
    public async Task The_gateway_breaks_connections_but_answers_the_same_key_alike()
    {
        await using var app = Build(("FLOW_SIM_RATE", "1"));
        await app.StartAsync(Cancel);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        var (broken, refused) = (0, 0);
        for (var i = 0; i < 120; i++)
        {
            GatewayAnswer? answer = null;
            for (var attempt = 0; attempt < 3 && answer is null; attempt++)
            {
                try
                {
                    using var response = await PostAsync(client, "gateway/charges", $"key-{i}", new GatewayRequest($"order-{i}", 2.5m));
                    refused += response.StatusCode == HttpStatusCode.ServiceUnavailable ? 1 : 0;
                    answer = response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync<GatewayAnswer>(FlowJson.Options, Cancel) : null;
                }
                catch (HttpRequestException)
                {
                    broken++;
                }
            }

            answer.ShouldNotBeNull("a key fails at most twice");
            using var again = await PostAsync(client, "gateway/charges", $"key-{i}", new GatewayRequest($"order-{i}", 2.5m));
            (await again.Content.ReadFromJsonAsync<GatewayAnswer>(FlowJson.Options, Cancel)).ShouldBe(answer);
        }

        broken.ShouldBeGreaterThan(0);
        refused.ShouldBeGreaterThan(0);
        using var conflict = await PostAsync(client, "gateway/charges", "key-1", new GatewayRequest("order-1", 3m));
        conflict.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        using var invalid = await PostAsync(client, "gateway/refunds", null, new GatewayRequest("", -1m));
        invalid.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var faults = await invalid.Content.ReadAsStringAsync(Cancel);
        faults.ShouldContain("Idempotency-Key");
        faults.ShouldContain("reference");
        faults.ShouldContain("amount");
        using var book = JsonDocument.Parse(await client.GetStringAsync("gateway/book", Cancel));
        (book.RootElement.GetProperty("charges").GetInt64() + book.RootElement.GetProperty("declines").GetInt64()).ShouldBe(120);
        await app.StopAsync(Cancel);
    }

    [Theory]
    [InlineData("1,22138,damages,-6,2010-12-01 08:26:00,0,,France", 0)]
    [InlineData("1,22138,damages,-6,yesterday,0,,France", 1)]
    [InlineData(null, 1)]
    public async Task The_process_ends_with_the_code_of_its_outcome(string? line, int code)
    {
        var dataset = Path.Combine(directory.Path, "retail.csv");
        if (line is not null)
        {
            await File.WriteAllTextAsync(dataset, $"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n{line}\n", Cancel);
        }

        string[] args =
        [
            "--urls=http://127.0.0.1:0", $"--FLOW_SIM_DATASET={dataset}", "--FLOW_SIM_UNTIL_DONE=true", "--FLOW_SIM_SPEED=max", $"--FLOW_DATA={directory.Path}",
            .. SimulatorOptions.Services.Select(service => $"--services:{service}:http:0={World.Url}"),
        ];
        (await global::Simulator.Program.Main(args)).ShouldBe(code);
    }

    [Fact]
    public void Options_name_every_fault_at_once()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["FLOW_SIM_DATASET"] = "/nowhere/retail.csv",
            ["FLOW_SIM_SEED"] = "-1",
            ["FLOW_SIM_ORDERS"] = "0",
            ["FLOW_SIM_RATE"] = "fast",
            ["FLOW_SIM_SPEED"] = "0x",
            ["FLOW_SIM_REPORT"] = "report.json",
            ["FLOW_SIM_UNTIL_DONE"] = "perhaps",
            ["services:orders:http:0"] = "http://127.0.0.1:5000",
        }).Build();
        var faults = Should.Throw<SimulatorException>(() => SimulatorOptions.From(configuration)).Message;
        foreach (var name in new[] { "FLOW_SIM_DATASET", "FLOW_SIM_SEED", "FLOW_SIM_ORDERS", "FLOW_SIM_RATE", "FLOW_SIM_SPEED", "FLOW_SIM_REPORT", "FLOW_SIM_UNTIL_DONE", "services__payments__http__0" })
        {
            faults.ShouldContain(name);
        }

        faults.ShouldNotContain("services__orders__http__0");
    }

    [Fact]
    public void Nobody_waits_for_the_end_of_an_endless_shop() =>
        Should.Throw<SimulatorException>(() => SimulatorOptions.From(Configuration(("FLOW_SIM_UNTIL_DONE", "true")))).Message.ShouldContain("endless");

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, string path, string? key, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body, body.GetType(), options: FlowJson.Options) };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return await client.SendAsync(request, Cancel);
    }

    private async Task<int?> RunAsync(params (string, string?)[] settings)
    {
        await using var app = Build(settings);
        await app.StartAsync(Cancel);
        World.WorkWith(new Uri(app.Urls.First()));
        await app.WaitForShutdownAsync(Cancel);
        return app.Services.GetRequiredService<SessionOutcome>().ExitCode;
    }

    private WebApplication Build(params (string, string?)[] settings) => Build(TimeProvider.System, settings);

    private WebApplication Build(TimeProvider clock, params (string, string?)[] settings)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Services.AddSingleton(clock);
        builder.AddServiceDefaults();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var configuration = Configuration(settings);
        builder.Configuration.AddConfiguration(configuration);
        return SimulatorApp.Build(builder, SimulatorOptions.From(configuration), TextWriter.Synchronized(output));
    }

    private IConfiguration Configuration(params (string Key, string? Value)[] settings)
    {
        var values = settings.ToDictionary(setting => setting.Key, setting => setting.Value);
        values["FLOW_DATA"] = Path.Combine(directory.Path, "data");
        foreach (var service in SimulatorOptions.Services)
        {
            values[$"services:{service}:http:0"] = World.Url.ToString();
        }

        return new ConfigurationBuilder().AddInMemoryCollection(values).Build();
    }
}
