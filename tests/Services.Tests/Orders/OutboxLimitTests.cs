using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Contracts;
using Contracts.Http;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Support;
using Orders;

namespace Services.Tests.Orders;

/// <summary>While the log is away decisions go into the outbox, as many as there is room for.</summary>
public sealed class OutboxLimitTests : IAsyncLifetime
{
    private const int Limit = 5;
    private ServiceFixture? fixture;

    private HttpClient Client => fixture!.Client;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => fixture = await ServiceFixture.StartAsync(
        OrdersApp.Build, typeof(OrdersApp).Assembly, [$"--FLOW_OUTBOX_LIMIT={Limit}"], ["inventory", "payments", "shipments"]);

    public async ValueTask DisposeAsync() => await fixture!.DisposeAsync();

    [Fact]
    public async Task Beyond_the_limit_new_decisions_are_refused_old_ones_are_answered_and_reads_go_on()
    {
        await FillAsync();
        foreach (var (path, body) in new (string, object)[]
        {
            ("/orders", Requests.Order("new")), ("/orders/batch", new[] { Requests.Order("0"), Requests.Order("new") }), ("/returns", Requests.Return()), ("/orders/0/cancel", new CancelOrder(Requests.Noon)),
        })
        {
            using var refused = await PostAsync(path, body);
            refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable, path);
            refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(5));
            refused.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
            (await refused.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("detail").GetString()!.ShouldContain("FLOW_OUTBOX_LIMIT");
        }

        (await StatusOfAsync("/orders", Requests.Order("0"))).ShouldBe(HttpStatusCode.OK);
        (await StatusOfAsync("/orders", Requests.Order("0", price: 9m))).ShouldBe(HttpStatusCode.Conflict);
        (await StatusOfAsync("/orders/batch", new[] { Requests.Order("0"), Requests.Order("1") })).ShouldBe(HttpStatusCode.OK);
        (await Client.GetFromJsonAsync<OrderView>("/orders/0", FlowJson.Options, Cancellation))!.Status.ShouldBe("placed");
        using var unknown = await Client.GetAsync("/orders/new", Cancellation);
        unknown.StatusCode.ShouldBe(HttpStatusCode.NotFound, "a refused order is not kept");
        (await Client.GetFromJsonAsync<FlowStatus>("/flow/status", FlowJson.Options, Cancellation))!.Outbox.Depth.ShouldBe(Limit);
    }

    [Fact]
    public async Task When_the_log_is_back_everything_is_in_it_once_and_there_is_room_again()
    {
        await FillAsync();
        fixture!.Log.Away = false;
        await Eventually.ThatAsync("there is room again", async () => await StatusOfAsync("/orders", Requests.Order("new")) == HttpStatusCode.Accepted);
        await Eventually.ThatAsync("all is in the log", () => Records().Count >= Limit + 1);
        Records().Select(record => record.Event.Key).Order(StringComparer.Ordinal).ShouldBe(["0", "1", "2", "3", "4", "new"]);
        for (var round = 0; round < 3 * Limit; round++)
        {
            // The room does not shrink with what passes through it.
            await Eventually.ThatAsync("there is room", async () => await StatusOfAsync("/orders", Requests.Order($"later-{round}")) is HttpStatusCode.Accepted);
        }
    }

    [Fact]
    public async Task What_is_decided_because_of_an_event_is_never_refused()
    {
        await using var store = await StoreFixture.OpenAsync("orders", typeof(OrdersApp).Assembly, flow => flow.Publishes<OrdersEvent>("orders"), "--FLOW_OUTBOX_LIMIT=1");
        await EmitAsync(store, cause: null);
        var full = await Should.ThrowAsync<OutboxFullException>(() => EmitAsync(store, cause: null));
        (full.Unconfirmed, full.Limit).ShouldBe((1, 1));
        for (var number = 0; number < 10; number++)
        {
            await EmitAsync(store, new Cause("reactor", $"event-{number}", Requests.Noon));
        }

        store.Store.Outbox.Room.Unconfirmed.ShouldBe(11);
        var heads = await store.Store.Outbox.ReadHeadsAsync(Cancellation);
        await store.Store.Outbox.ConfirmAsync([.. heads.Select(head => new OutboxConfirm(head.Partition, head.Assigned, "id"))], Cancellation);
        store.Store.Outbox.Room.Unconfirmed.ShouldBe(0);
        await EmitAsync(store, cause: null);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("all")]
    public async Task A_limit_that_is_none_is_named(string limit) =>
        (await Should.ThrowAsync<InvalidOperationException>(() => StoreFixture.OpenAsync("orders", typeof(OrdersApp).Assembly, null, $"--FLOW_OUTBOX_LIMIT={limit}")))
            .Message.ShouldContain($"FLOW_OUTBOX_LIMIT is '{limit}'");

    private static Task<string> EmitAsync(StoreFixture store, Cause? cause) =>
        store.WriteAsync(transaction => ValueTask.FromResult(transaction.Emit(new OrderCancelRequested("1"), Requests.Noon, cause)));

    private async Task FillAsync()
    {
        fixture!.Log.Away = true;
        for (var number = 0; number < Limit; number++)
        {
            (await StatusOfAsync("/orders", Requests.Order($"{number}"))).ShouldBe(HttpStatusCode.Accepted);
        }
    }

    private List<LogRecord> Records() => [.. Enumerable.Range(0, 3).SelectMany(index => fixture!.Log.Records(new PartitionId("orders", index)))];

    private async Task<HttpStatusCode> StatusOfAsync(string path, object body)
    {
        using var answer = await PostAsync(path, body);
        return answer.StatusCode;
    }

    private Task<HttpResponseMessage> PostAsync(string path, object body) => Client.PostAsync(path, JsonContent.Create(body, body.GetType(), options: FlowJson.Options), Cancellation);
}
