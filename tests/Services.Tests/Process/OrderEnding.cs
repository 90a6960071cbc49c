using Contracts;
using Dapper;
using FlowPlatform.Log;

namespace Services.Tests.Process;

/// <summary>What became of one order, read from the events, the private stores and the gateway's book; and whether that is legal.</summary>
internal sealed class OrderEnding(OrderPlaced order, IReadOnlyList<LogRecord> events)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private decimal Amount => order.Amount;

    public bool Has<T>()
        where T : class => All<T>().Count > 0;

    /// <summary>One word for it.</summary>
    public string Name => Has<OrderShipped>() ? "shipped" : Has<OrderRejected>() ? "rejected" : Has<PaymentDeclined>() ? "declined" : Has<OrderCancelled>() ? "cancelled" : "open";

    public IReadOnlyList<T> All<T>()
        where T : class => [.. events.Where(record => record.Is<T>()).Select(record => record.Read<T>())];

    /// <summary>Type, reason and event time of everything: what may not depend on the order of arrival.</summary>
    public IEnumerable<(string What, DateTimeOffset Time)> Times() => events
        .Where(record => !record.Is<CancelRefused>())
        .Select(record => (record.Is<StockReleased>() ? $"released as {record.Read<StockReleased>().Reason}" : record.Event.Type, record.Event.Time));

    public async Task ShouldBeLegalAsync(Shop shop)
    {
        ShouldHappenOnce();
        Name.ShouldNotBe("open");
        MoneyShouldBeKept(shop.Outside);
        StockShouldBeKept();
        await NothingShouldBeLeftAsync(shop);
    }

    private void ShouldHappenOnce()
    {
        foreach (var kind in events.Where(record => !record.Is<CancelRefused>() && !record.Is<StockReplenished>()).GroupBy(record => record.Event.Type))
        {
            kind.Count().ShouldBe(1, kind.Key);
        }

        if (Has<OrderShipped>())
        {
            Has<OrderCancelled>().ShouldBeFalse("Nothing of a cancelled order ships.");
            Has<PaymentDeclined>().ShouldBeFalse();
            Has<PaymentRefunded>().ShouldBeFalse();
        }

        events.Select(record => record.Event.Id).ShouldBeUnique();
    }

    private void MoneyShouldBeKept(Outside outside)
    {
        outside.Net(order.OrderId).ShouldBe(Has<OrderShipped>() ? Amount : 0m);
        outside.Sum("charge", order.OrderId).ShouldBe(All<PaymentCharged>().Sum(charged => charged.Amount));
        outside.Sum("refund", order.OrderId).ShouldBe(All<PaymentRefunded>().Sum(refunded => refunded.Amount));
        All<OrderShipped>().ShouldAllBe(shipped => shipped.Amount == Amount);
    }

    private void StockShouldBeKept()
    {
        var reserved = All<StockReserved>();
        var gone = All<StockReleased>().Select(released => (released.Units, released.Stock)).Concat(All<StockDispatched>().Select(dispatched => (dispatched.Units, dispatched.Stock))).ToList();
        gone.Count.ShouldBe(reserved.Count);
        for (var index = 0; index < gone.Count; index++)
        {
            gone[index].Units.ShouldBe(reserved[index].Units);
            gone[index].Stock.ShouldBe(reserved[index].Stock);
        }

        Has<StockDispatched>().ShouldBe(Has<OrderShipped>());
        All<OrderShipped>().ShouldAllBe(shipped => shipped.Units == reserved[0].Units);
    }

    private async Task NothingShouldBeLeftAsync(Shop shop)
    {
        await using var inventory = await shop.Inventory.Store.OpenReadAsync(Cancellation);
        (await inventory.QuerySingleAsync<long>("SELECT coalesce(sum(abs(reserved)), 0) FROM stock")).ShouldBe(0);
        await using var payments = await shop.Payments.Store.OpenReadAsync(Cancellation);
        var money = await payments.QuerySingleOrDefaultAsync<string>("SELECT status FROM payment WHERE order_id = @OrderId", new { order.OrderId });
        money.ShouldBe(
            Has<PaymentRefunded>() ? "Refunded" : Has<PaymentCharged>() ? "Charged" : Has<PaymentDeclined>() ? "Declined" : Has<OrderCancelled>() ? "Skipped" : null);
        await using var shipping = await shop.Shipping.Store.OpenReadAsync(Cancellation);
        (await shipping.QuerySingleAsync<string>("SELECT lower(status) FROM shipment WHERE order_id = @OrderId", new { order.OrderId })).ShouldBe(Name);
    }
}
