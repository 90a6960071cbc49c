using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Contracts;
using Contracts.Http;
using FlowPlatform.Events;
using Orders;

namespace Services.Tests.Orders;

public sealed class OrdersHttpTests : IAsyncLifetime
{
    private FlowTest? flow;

    private FlowTest Flow => flow!;

    private HttpClient Client => Flow.Client;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => flow = await FlowTest.StartAsync(OrdersApp.Build);

    public async ValueTask DisposeAsync() => await Flow.DisposeAsync();

    [Fact]
    public async Task An_accepted_order_is_found_where_its_location_points_at_once()
    {
        var order = Requests.Order("Bestellung 7%?#✓");
        using var answer = await PostAsync("/orders", order);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var view = await GetAsync<OrderView>(answer.Headers.Location!.OriginalString);
        view.ShouldBe(new OrderView(order.OrderId, "placed", "17850.0", "United Kingdom", 18.695m, Requests.Noon, Requests.Noon));
    }

    [Fact]
    public async Task The_order_reaches_the_log_and_comes_back_into_the_list()
    {
        using var answer = await PostAsync("/orders", Requests.Order("1"));
        await ListedAsync(1);
        var page = await GetAsync<OrderPage>("/orders");
        page.Orders.ShouldHaveSingleItem().OrderId.ShouldBe("1");
        page.Next.ShouldBeNull();
        var placed = Flow.Emitted<OrderPlaced>().ShouldHaveSingleItem();
        placed.Event.Amount.ShouldBe(18.695m);
        placed.Event.Lines.ShouldBe(Requests.Order().Lines);
        placed.Time.ShouldBe(Requests.Noon);
    }

    [Fact]
    public async Task The_same_body_again_is_200_with_the_first_result_and_another_one_409()
    {
        using var first = await PostAsync("/orders", Requests.Order());
        using var again = await PostAsync("/orders", Requests.Order());
        again.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await ReadAsync<Accepted>(again)).ShouldBe(await ReadAsync<Accepted>(first));
        using var other = await PostAsync("/orders", Requests.Order(price: 3m));
        await ShouldBeProblemAsync(other, HttpStatusCode.Conflict);
        using var goods = await PostAsync("/returns", Requests.Return());
        goods.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        using var goodsAgain = await PostAsync("/returns", Requests.Return());
        goodsAgain.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await GetAsync<Accepted>(goods.Headers.Location!.OriginalString)).ShouldBe(await ReadAsync<Accepted>(goods));
        using var otherGoods = await PostAsync("/returns", Requests.Return() with { CustomerId = null });
        await ShouldBeProblemAsync(otherGoods, HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task A_batch_answers_for_each_order_in_order()
    {
        using var before = await PostAsync("/orders", Requests.Order("1"));
        using var answer = await PostAsync("/orders/batch", new[] { Requests.Order("2"), Requests.Order("1"), Requests.Order("1", 9m), Requests.Order("a/b"), Requests.Order("3") });
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var results = (await ReadAsync<BatchResult>(answer)).Results;
        results.Select(result => (result.Id, result.Outcome)).ShouldBe([("2", "accepted"), ("1", "duplicate"), ("1", "conflict"), ("a/b", "invalid"), ("3", "accepted")]);
        results[3].Errors!.Keys.ShouldBe(["orderId"]);
        await ListedAsync(3);
    }

    [Fact]
    public async Task A_batch_has_1_to_500_orders()
    {
        using var most = await PostAsync("/orders/batch", Enumerable.Range(0, 500).Select(index => Requests.Order($"{index}")));
        most.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var none = await PostAsync("/orders/batch", Array.Empty<PlaceOrder>());
        await ShouldBeProblemAsync(none, HttpStatusCode.BadRequest, "orders");
        using var more = await PostAsync("/orders/batch", Enumerable.Range(0, 501).Select(index => Requests.Order($"{index}")));
        await ShouldBeProblemAsync(more, HttpStatusCode.BadRequest, "orders");
        using var hole = await PostAsync("/orders/batch", new[] { Requests.Order("1"), null });
        await ShouldBeProblemAsync(hole, HttpStatusCode.BadRequest, "orders");
    }

    [Fact]
    public async Task A_cancellation_is_accepted_once_for_an_order_that_exists()
    {
        var cancel = new CancelOrder(Requests.Noon.AddMinutes(1));
        using var unknown = await PostAsync("/orders/1/cancel", cancel);
        await ShouldBeProblemAsync(unknown, HttpStatusCode.NotFound);
        using var placed = await PostAsync("/orders", Requests.Order("1"));
        using var asked = await PostAsync("/orders/1/cancel", cancel);
        asked.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        asked.Headers.Location!.OriginalString.ShouldBe("/orders/1");
        using var again = await PostAsync("/orders/1/cancel", cancel);
        again.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await ReadAsync<Accepted>(again)).ShouldBe(await ReadAsync<Accepted>(asked));
    }

    [Theory]
    [InlineData("/orders", """{"orderId":"1","country":"","placedAt":"2010-12-01T12:00:00Z","lines":[{"code":"85123A","quantity":0,"unitPrice":"1"}]}""", "country", "lines[0].quantity")]
    [InlineData("/orders", """{"orderId":"1","country":"EIRE","placedAt":"noon","lines":[]}""", "placedAt")]
    [InlineData("/orders", """{"orderId":"1","country":"EIRE","placedAt":"2010-12-01T12:00:00Z","lines":[{"code":"85123A","quantity":1,"unitPrice":"much"}]}""", "lines[0].unitPrice")]
    [InlineData("/orders", "{}", "orderId", "country", "placedAt", "lines")]
    [InlineData("/returns", """{"returnId":"C1","country":"EIRE","returnedAt":"2010-12-01T12:00:00Z","lines":[{"code":"D","quantity":1,"unitPrice":"-1"}]}""", "lines[0].unitPrice")]
    [InlineData("/orders/1/cancel", "{}", "requestedAt")]
    public async Task Faults_are_named(string path, string json, params string[] fields)
    {
        using var answer = await Client.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"), Cancellation);
        await ShouldBeProblemAsync(answer, HttpStatusCode.BadRequest, fields);
    }

    [Theory]
    [InlineData("/orders", 1)]
    [InlineData("/returns", 1)]
    [InlineData("/orders/batch", 16)]
    public async Task A_body_over_the_limit_is_refused(string path, int mebibytes)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent($"\"{new string('x', mebibytes * 1024 * 1024)}\"", Encoding.UTF8, "application/json"),
            Headers = { ExpectContinue = true },
        };
        using var answer = await Client.SendAsync(request, Cancellation);
        await ShouldBeProblemAsync(answer, HttpStatusCode.RequestEntityTooLarge);
    }

    [Theory]
    [InlineData("status=lost", "status")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=501", "limit")]
    [InlineData("limit=many&status=", "limit", "status")]
    [InlineData("customer=&after=", "customer", "after")]
    public async Task Faults_of_a_query_are_named(string query, params string[] fields)
    {
        using var answer = await Client.GetAsync(new Uri($"/orders?{query}", UriKind.Relative), Cancellation);
        await ShouldBeProblemAsync(answer, HttpStatusCode.BadRequest, fields);
    }

    [Fact]
    public async Task Pages_follow_one_another_and_filters_hold()
    {
        using var answer = await PostAsync("/orders/batch", Enumerable.Range(0, 25).Select(index => Requests.Order($"{index:D2}") with { CustomerId = index % 2 == 0 ? "even" : null }));
        await ListedAsync(25);
        await Flow.GivenAsync(new OrderShipped("04", 1, 1, "t"), Requests.Noon);
        await Flow.GivenAsync(new OrderCancelled("05"), Requests.Noon);
        await Flow.SettledAsync();
        (await GetAsync<OrderPage>("/orders?status=shipped")).Orders.Count.ShouldBe(1);
        var seen = new List<string>();
        string? next = null;
        do
        {
            var page = await GetAsync<OrderPage>($"/orders?limit=10{(next is null ? "" : $"&after={next}")}");
            page.Orders.Count.ShouldBeLessThanOrEqualTo(10);
            seen.AddRange(page.Orders.Select(order => order.OrderId));
            next = page.Next;
        }
        while (next is not null);
        seen.ShouldBe(Enumerable.Range(0, 25).Select(index => $"{index:D2}"));
        (await GetAsync<OrderPage>("/orders?customer=even&after=04&limit=2")).Orders.Select(order => order.OrderId).ShouldBe(["06", "08"]);
        (await GetAsync<OrderPage>("/orders?customer=even&status=shipped")).Orders.ShouldHaveSingleItem().OrderId.ShouldBe("04");
        (await GetAsync<OrderPage>("/orders?limit=25")).Next.ShouldBeNull();
    }

    [Fact]
    public async Task What_other_streams_say_first_counts_for_the_order_but_lists_nothing()
    {
        using var placed = await PostAsync("/orders", Requests.Order("1"));
        await Flow.GivenAsync(new OrderRejected("1", ["85123A"]), Requests.Noon);
        await Flow.GivenAsync(new OrderRejected("unplaced", []), Requests.Noon);
        await Flow.SettledAsync();
        (await GetAsync<OrderView>("/orders/1")).Status.ShouldBe("rejected");
        await ListedAsync(1);
        (await GetAsync<OrderPage>("/orders")).Orders.ShouldHaveSingleItem().OrderId.ShouldBe("1");
        using var unplaced = await Client.GetAsync(new Uri("/orders/unplaced", UriKind.Relative), Cancellation);
        await ShouldBeProblemAsync(unplaced, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_summary_counts_what_was_accepted_and_how_it_stands()
    {
        using var orders = await PostAsync("/orders/batch", Enumerable.Range(0, 4).Select(index => Requests.Order($"{index}")));
        using var goods = await PostAsync("/returns", Requests.Return());
        Flow.Clock.Advance(TimeSpan.FromSeconds(3));
        await Flow.GivenAsync(new OrderShipped("1", 1, 1, "t"), Requests.Noon);
        await ListedAsync(4);
        var summary = await SummaryAsync();
        (summary.Accepted, summary.Returns, summary.ByStatus["placed"], summary.ByStatus["shipped"]).ShouldBe((4, 1, 3, 1));
        summary.ByStatus.Keys.ShouldBe(["placed", "reserved", "paid", "shipped", "rejected", "declined", "cancelled"], ignoreOrder: true);
        summary.LatencyMs.ShouldBe(new Percentiles(3_000, 3_000, 3_000));
    }

    [Fact]
    public async Task The_api_describes_itself()
    {
        var api = await GetAsync<JsonElement>("/openapi/v1.json");
        api.GetProperty("paths").EnumerateObject().Select(path => path.Name)
            .ShouldBe(
                [
                    "/health", "/alive", "/flow/status", "/orders", "/orders/batch", "/orders/{id}/cancel", "/returns", "/returns/{id}", "/orders/{id}", "/orders/summary",
                    "/flow/parked", "/flow/parked/{consumer}/{stream}/{partition}/{key}", "/flow/redrive", "/flow/discard", "/flow/audit", "/flow/adopt", "/flow/accept-gap", "/flow/incidents", "/flow/contracts",
                ],
                ignoreOrder: true);
    }

    private Task<OrdersSummary> SummaryAsync() => GetAsync<OrdersSummary>("/orders/summary");

    private async Task ListedAsync(int count)
    {
        await Flow.SettledAsync();
        (await SummaryAsync()).ByStatus.Values.Sum().ShouldBe(count);
    }

    private Task<HttpResponseMessage> PostAsync(string path, object body) => Client.PostAsync(path, JsonContent.Create(body, body.GetType(), options: FlowJson.Options), Cancellation);

    private async Task<T> GetAsync<T>(string path) => (await Client.GetFromJsonAsync<T>(path, FlowJson.Options, Cancellation))!;

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer) => (await answer.Content.ReadFromJsonAsync<T>(FlowJson.Options, Cancellation))!;

    private static async Task ShouldBeProblemAsync(HttpResponseMessage answer, HttpStatusCode status, params string[] fields)
    {
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        answer.StatusCode.ShouldBe(status, text);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = JsonDocument.Parse(text).RootElement;
        problem.GetProperty("status").GetInt32().ShouldBe((int)status);
        if (fields.Length > 0)
        {
            problem.GetProperty("errors").EnumerateObject().Select(field => field.Name).ShouldBe(fields, ignoreOrder: true);
        }
    }
}
