using FlowPlatform.Dashboard.Parked;
using FlowPlatform.Dashboard.Streams;
using FlowPlatform.Dashboard.Tests.Support;

namespace FlowPlatform.Dashboard.Tests.Parked;

/// <summary>Parked keys are reached over the services' administrative endpoints.</summary>
public sealed class ParkedClientTests
{
    private static readonly ParkedKey Key = new("order-status", "orders", 1, "a/b 1", 2, new DateTimeOffset(2026, 1, 5, 8, 26, 0, TimeSpan.Zero), "There is no country.", "System.InvalidOperationException", 1, "parked", null);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keys_of_all_services_are_listed_and_one_that_does_not_answer_is_named()
    {
        await using var orders = await ScriptedService.StartAsync("orders");
        await using var shipping = await ScriptedService.StartAsync("shipping");
        var gone = await ScriptedService.StartAsync("payments");
        orders.Answers["/flow/parked"] = new { version = 1, keys = new[] { Key } };
        shipping.Answers["/flow/parked"] = new { version = 1, keys = new[] { Key with { Since = Key.Since.AddHours(-1) } }, next = "more" };
        await using var dashboard = await TestDashboard.StartAsync(settings: ScriptedService.Settings(orders, shipping, gone));
        await gone.DisposeAsync();
        var all = await dashboard.Get<ParkedClient>().ListAsync(Cancel);
        all.Rows.Select(static row => row.Service).ShouldBe(["shipping", "orders"], "What is parked longest comes first.");
        all.Rows[1].Key.ShouldBe(Key);
        all.More.ShouldBeTrue();
        all.Faults.ShouldHaveSingleItem().ShouldContain("payments does not answer");
    }

    [Fact]
    public async Task Redrive_and_discard_name_the_key_who_asks_and_why()
    {
        await using var orders = await ScriptedService.StartAsync("orders");
        await using var dashboard = await TestDashboard.StartAsync(settings: ScriptedService.Settings(orders));
        var client = dashboard.Get<ParkedClient>();
        await client.RedriveAsync("orders", Key, "ann", null, Cancel);
        await client.DiscardAsync("orders", Key, "ann", "Nobody needs it.", Cancel);
        orders.Posted.ToArray().ShouldBe(
        [
            ("/flow/redrive", """{"consumer":"order-status","stream":"orders","partition":1,"key":"a/b 1"}""", ScriptedService.Key, "ann"),
            ("/flow/discard", """{"consumer":"order-status","stream":"orders","partition":1,"key":"a/b 1","reason":"Nobody needs it."}""", ScriptedService.Key, "ann"),
        ]);
    }

    [Fact]
    public async Task A_service_that_there_is_not_is_refused()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        (await Should.ThrowAsync<ServiceCallException>(() => dashboard.Get<ParkedClient>().RedriveAsync("orders", Key, "ann", null, Cancel))).Refused.ShouldBeTrue();
    }
}
