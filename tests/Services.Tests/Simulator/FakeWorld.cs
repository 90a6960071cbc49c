using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Threading.Channels;
using Contracts;
using Contracts.Http;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Services.Tests.Simulator;

/// <summary>
/// All five services on one port, in memory: accepts by id, refuses another body under the same id, and, where a gateway is named, charges, ships and refunds
/// as the real ones do. Can fail on purpose.
/// </summary>
internal sealed class FakeWorld : IHttpClientFactory, IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Channel<Func<HttpClient, Task>> work = Channel.CreateUnbounded<Func<HttpClient, Task>>();
    private Task working = Task.CompletedTask;
    private int requests;

    private FakeWorld(WebApplication app) => this.app = app;

    public ConcurrentDictionary<string, string> Bodies { get; } = new();

    public ConcurrentDictionary<string, PlaceOrder> Orders { get; } = new();

    public ConcurrentDictionary<string, ReturnGoods> Returns { get; } = new();

    public ConcurrentDictionary<string, AdjustStock> Stock { get; } = new();

    public ConcurrentDictionary<string, AdjustLedger> Debts { get; } = new();

    public ConcurrentDictionary<string, bool> Cancels { get; } = new();

    public ConcurrentDictionary<string, bool> Shipped { get; } = new();

    public ConcurrentDictionary<string, bool> Refunded { get; } = new();

    /// <summary>Ids that came again with the same body, and with another one.</summary>
    public int Duplicates;

    public int Conflicts;

    /// <summary>Cancellations of orders that were not placed.</summary>
    public int Strays;

    /// <summary>Asked on every request, with its number: a status to answer instead, 0 to break the connection after the work was done, null to behave.</summary>
    public Func<int, int?> Mood { get; set; } = _ => null;

    /// <summary>Called after an order is accepted, before its answer.</summary>
    public Func<Task> AfterOrders { get; set; } = () => Task.CompletedTask;

    /// <summary>Said instead of what is counted.</summary>
    public Func<Ledger, Ledger> Books { get; set; } = ledger => ledger;

    public Uri Url => new(app.Urls.First());

    public static async Task<FakeWorld> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var world = new FakeWorld(app);
        world.Map();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return world;
    }

    public HttpClient CreateClient(string name) => new() { BaseAddress = Url };

    /// <summary>Charges, ships and refunds from now on, at this gateway.</summary>
    public void WorkWith(Uri gateway) => working = Task.Run(async () =>
    {
        using var client = new HttpClient { BaseAddress = gateway };
        await foreach (var item in work.Reader.ReadAllAsync())
        {
            await item(client);
        }
    });

    public async ValueTask DisposeAsync()
    {
        work.Writer.TryComplete();
        await app.DisposeAsync();
        await working;
    }

    private void Map()
    {
        app.Use(async (http, next) =>
        {
            var mood = http.Request.Method == "POST" ? Mood(Interlocked.Increment(ref requests)) : null;
            if (mood is > 0)
            {
                http.Response.StatusCode = mood.Value;
                return;
            }

            await next(http);
            if (mood == 0)
            {
                http.Abort();
            }
        });
        app.MapPost("/orders", async (HttpContext http) =>
        {
            var order = await ReadAsync<PlaceOrder>(http);
            var fresh = Take(order.OrderId, order, Orders);
            await AfterOrders();
            return fresh ? Results.Accepted(null, new Accepted(order.OrderId, "placed", default)) : Results.Ok(new Accepted(order.OrderId, "placed", default));
        });
        app.MapPost("/orders/batch", async (HttpContext http) =>
        {
            var orders = await ReadAsync<List<PlaceOrder>>(http);
            var results = orders.ConvertAll(order => new BatchItemResult(order.OrderId, Take(order.OrderId, order, Orders) ? "accepted" : "duplicate"));
            await AfterOrders();
            return Results.Ok(new BatchResult(results));
        });
        app.MapPost("/orders/{id}/cancel", (string id) =>
        {
            Interlocked.Add(ref Strays, Orders.ContainsKey(id) ? 0 : 1);
            Cancels[id] = true;
            return Results.Accepted(null, new Accepted(id, "cancel-requested", default));
        });
        app.MapPost("/returns", (Delegate)((HttpContext http) => TakeAsync<ReturnGoods>(http, goods => goods.ReturnId, Returns)));
        app.MapPost("/stock/adjustments", (Delegate)((HttpContext http) => TakeAsync<AdjustStock>(http, adjustment => adjustment.AdjustmentId, Stock)));
        app.MapPost("/ledger/adjustments", (Delegate)((HttpContext http) => TakeAsync<AdjustLedger>(http, adjustment => adjustment.AdjustmentId, Debts)));
        MapAnswers();
    }

    private void MapAnswers()
    {
        app.MapGet("/flow/status", () => Json(new FlowStatus(1, "any", [], [], new OutboxStatus(0, 0, "running", null), 0)));
        app.MapGet("/orders/summary", () => Json(new OrdersSummary(
            Orders.Count, Returns.Count, new Dictionary<string, long> { ["placed"] = Orders.Count - Shipped.Count, ["shipped"] = Shipped.Count }, new Percentiles(1.5, 2.5, 3.5))));
        app.MapGet("/orders", () => Json(new OrderPage([new OrderView("stuck-order", "placed", null, "France", 1m, default, default)], null)));
        app.MapGet("/ledger", () => Json(Books(new Ledger(
            Sum(Shipped.Keys.Select(id => Orders[id].Lines)), 0, Sum(Refunded.Keys.Select(id => Returns[id].Lines)), Debts.Values.Sum(debt => debt.Amount),
            Shipped.Count, 0, 0, Refunded.Count, Debts.Count))));
        app.MapGet("/stock/summary", () => Json(new StockSummary(
            Units(Orders.Values.Select(order => order.Lines)), 0, Units(Shipped.Keys.Select(id => Orders[id].Lines)), Units(Returns.Values.Select(goods => goods.Lines)),
            Orders.Count, 0, Returns.Count, Stock.Values.Sum(adjustment => adjustment.Lines.Count))));
        app.MapGet("/shipments/summary", () => Json(new ShipmentsSummary(
            Shipped.Count, Sum(Shipped.Keys.Select(id => Orders[id].Lines)), Units(Shipped.Keys.Select(id => Orders[id].Lines)), 0, 0)));
        app.MapGet("/revenue", (string by) => Json(Revenue(by)));
    }

    private RevenueAnswer Revenue(string by)
    {
        var sold = Orders.Values.Select(order => (Key: by == "day" ? order.PlacedAt.ToString("yyyy-MM-dd") : order.Country, Orders: 1L, Units: order.Lines.Sum(line => (long)line.Quantity), Gross: Sum([order.Lines]), Returns: 0m));
        var back = Returns.Values.Select(goods => (Key: by == "day" ? goods.ReturnedAt.ToString("yyyy-MM-dd") : goods.Country, Orders: 0L, Units: 0L, Gross: 0m, Returns: -Sum([goods.Lines])));
        var rows = sold.Concat(back).GroupBy(row => row.Key).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => new RevenueRow(
            group.Key, group.Sum(row => row.Orders), group.Sum(row => row.Units), group.Sum(row => row.Gross), group.Sum(row => row.Returns), group.Sum(row => row.Gross + row.Returns))).ToList();
        var (gross, returned, debts) = (rows.Sum(row => row.Gross), rows.Sum(row => row.Returns), Debts.Values.Sum(debt => debt.Amount));
        return new RevenueAnswer(by, rows, new RevenueTotals(Orders.Count, rows.Sum(row => row.Units), gross, returned, debts, gross + returned + debts, Returns.Count, Debts.Count));
    }

    private async Task<IResult> TakeAsync<T>(HttpContext http, Func<T, string> id, ConcurrentDictionary<string, T> taken)
    {
        var body = await ReadAsync<T>(http);
        Take(id(body), body, taken);
        return Results.Accepted(null, new Accepted(id(body), "accepted", default));
    }

    private bool Take<T>(string id, T body, ConcurrentDictionary<string, T> taken)
    {
        var json = System.Text.Json.JsonSerializer.Serialize(body, FlowJson.Options);
        if (!Bodies.TryAdd(id, json))
        {
            Interlocked.Increment(ref Duplicates);
            Interlocked.Add(ref Conflicts, Bodies[id] == json ? 0 : 1);
            return false;
        }

        taken[id] = body;
        if (body is PlaceOrder order)
        {
            work.Writer.TryWrite(async client =>
            {
                await InsistAsync(client, "gateway/charges", "charge " + id, new GatewayRequest(id, Sum([order.Lines])));
                await InsistAsync(client, "courier/bookings", "ship " + id, new CourierRequest(id, order.Country, Units([order.Lines])));
                Shipped[id] = true;
            });
        }
        else if (body is ReturnGoods goods)
        {
            work.Writer.TryWrite(async client =>
            {
                await InsistAsync(client, "gateway/refunds", "refund " + id, new GatewayRequest(id, Sum([goods.Lines])));
                Refunded[id] = true;
            });
        }

        return true;
    }

    private static async Task InsistAsync(HttpClient client, string path, string key, object body)
    {
        for (var attempt = 0; attempt < 4; attempt++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body, body.GetType(), options: FlowJson.Options) };
            request.Headers.Add("Idempotency-Key", key);
            try
            {
                using var response = await client.SendAsync(request);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // An outage: again, under the same key.
            }
        }

        throw new InvalidOperationException($"{key} failed more than twice.");
    }

    private static async Task<T> ReadAsync<T>(HttpContext http) => (await http.Request.ReadFromJsonAsync<T>(FlowJson.Options))!;

    private static IResult Json<T>(T value) => Results.Json(value, FlowJson.Options);

    private static decimal Sum(IEnumerable<IReadOnlyList<OrderLine>> all) => all.Sum(lines => lines.Sum(line => line.Amount));

    private static long Units(IEnumerable<IReadOnlyList<OrderLine>> all) => all.Sum(lines => lines.Where(line => line.IsStock).Sum(line => (long)line.Quantity));
}
