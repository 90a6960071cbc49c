using FlowPlatform.Tests.Support;
using Inventory;
using Payments;
using Shipping;

namespace Services.Tests.Process;

/// <summary>What every reactor must keep, for those of the services.</summary>
public sealed class ReactorRulesTests
{
    private static readonly string[] Names = ["inventory", "payments", "shipping"];

    public static TheoryData<string> Services => [.. Names];

    [Theory]
    [MemberData(nameof(Services))]
    public Task Who_decides_again_decides_the_same_under_the_same_ids(string service) => Reactors.AreDeterministicAsync(() => StartAsync(service), History(service));

    [Theory]
    [MemberData(nameof(Services))]
    public Task Events_are_taken_in_whatever_order_the_streams_come(string service) => Reactors.AcceptAnyOrderAsync(
        () => StartAsync(service),
        History(service),
        async flow =>
        {
            var events = await flow.TakeEmittedAsync();
            events.ShouldNotBeEmpty();
            events.Select(record => record.Event.Id).ShouldBeUnique();
            events.ShouldAllBe(record => record.Event.CausationId != null);
        },
        interleavings: 4);

    private static Task<SteppedFlow> StartAsync(string service) => service switch
    {
        "inventory" => SteppedFlow.StartAsync(InventoryApp.Build),
        "payments" => SteppedFlow.StartAsync(PaymentsApp.Build),
        _ => SteppedFlow.StartAsync(ShippingApp.Build),
    };

    /// <summary>What a shop's other services tell this one.</summary>
    private static EventHistory History(string service) => new ShopHistory(seed: 31, orders: 60).Events.Only(service switch
    {
        "inventory" => ["orders", "payments", "shipments"],
        "payments" => ["inventory", "shipments", "orders"],
        _ => ["orders", "inventory", "payments"],
    });
}
