using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Contracts.Http;
using FlowPlatform.Events;
using Inventory;

namespace Services.Tests.Inventory;

public sealed class InventoryHttpTests : IAsyncLifetime
{
    private static readonly AdjustStock Gift = new(
        "G1", new DateTimeOffset(2010, 12, 1, 12, 0, 0, TimeSpan.Zero), [new("22423", -5), new("POST", 3), new("85123A", 10), new("22423", -1)]);

    private FlowTest? flow;

    private FlowTest Flow => flow!;

    private HttpClient Client => Flow.Client;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => flow = await FlowTest.StartAsync(InventoryApp.Build);

    public async ValueTask DisposeAsync() => await Flow.DisposeAsync();

    [Fact]
    public async Task An_adjustment_is_never_refused_and_may_leave_less_than_nothing()
    {
        using var answer = await PostAsync(Gift);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await GetAsync<Accepted>(answer.Headers.Location!.OriginalString)).ShouldBe(await ReadAsync<Accepted>(answer));
        await Flow.SettledAsync();
        (await GetAsync<StockPage>("/stock")).Stock.Count.ShouldBe(2);
        (await GetAsync<StockView>("/stock/22423")).ShouldBe(new StockView("22423", -6, 0));
        (await GetAsync<StockView>("/stock/85123A")).ShouldBe(new StockView("85123A", 10, 0));
        (await GetAsync<StockSummary>("/stock/summary")).ShouldBe(new StockSummary(0, 0, 0, 0, 0, 0, 0, AdjustmentLines: 4));
    }

    [Fact]
    public async Task The_same_adjustment_again_changes_nothing_and_another_under_its_id_is_a_conflict()
    {
        using var first = await PostAsync(Gift);
        using var again = await PostAsync(Gift with { AdjustedAt = Gift.AdjustedAt.ToOffset(TimeSpan.FromHours(3)) });
        again.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await ReadAsync<Accepted>(again)).ShouldBe(await ReadAsync<Accepted>(first));
        using var other = await PostAsync(Gift with { Lines = [new("22423", -5)] });
        other.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        other.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        (await GetAsync<StockSummary>("/stock/summary")).AdjustmentLines.ShouldBe(4);
    }

    [Fact]
    public async Task Every_fault_of_an_adjustment_is_named()
    {
        using var answer = await PostAsync(new AdjustStock("", default, [new("22423", 0), new("", long.MinValue), null!]));
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStreamAsync(Cancellation));
        problem.RootElement.GetProperty("errors").EnumerateObject().Select(error => error.Name)
            .ShouldBe(["adjustmentId", "adjustedAt", "lines[0].quantity", "lines[1].code", "lines[1].quantity", "lines[2]"], ignoreOrder: true);
        using var empty = await PostAsync(new AdjustStock("G", Gift.AdjustedAt, []));
        empty.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await GetAsync<StockSummary>("/stock/summary")).AdjustmentLines.ShouldBe(0);
    }

    [Fact]
    public async Task Stock_is_paged_in_the_order_of_its_codes()
    {
        string[] codes = ["22423", "85123A", "85123a", "10000 B/ü"];
        using var answer = await PostAsync(Gift with { Lines = [.. codes.Select(code => new Contracts.StockQuantity(code, 1))] });
        await Flow.SettledAsync();
        var first = await GetAsync<StockPage>("/stock?limit=3");
        first.Stock.Select(stock => stock.Code).ShouldBe(["10000 B/ü", "22423", "85123A"]);
        var second = await GetAsync<StockPage>($"/stock?limit=3&after={Uri.EscapeDataString(first.Next!)}");
        second.Stock.ShouldBe([new StockView("85123a", 1, 0)]);
        second.Next.ShouldBeNull();
        using var faulty = await Client.GetAsync("/stock?limit=1001", Cancellation);
        faulty.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        using var unknown = await Client.GetAsync("/stock/00000", Cancellation);
        unknown.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        unknown.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
    }

    private Task<HttpResponseMessage> PostAsync(AdjustStock body) => Client.PostAsJsonAsync("/stock/adjustments", body, FlowJson.Options, Cancellation);

    private async Task<T> GetAsync<T>(string path) => (await Client.GetFromJsonAsync<T>(path, FlowJson.Options, Cancellation))!;

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer) => (await answer.Content.ReadFromJsonAsync<T>(FlowJson.Options, Cancellation))!;
}
