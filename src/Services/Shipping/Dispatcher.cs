using Contracts;
using FlowPlatform.Consumers;
using FlowPlatform.Storage;

namespace Shipping;

/// <summary>
/// Joins reserved and charged, in whichever order they come, and then books the courier. It alone decides about cancellations: what touches one order is serial, so one is either before the booking, and
/// nothing of the order ships, or after it, and is refused.
/// </summary>
internal sealed class Dispatcher : Reactor
{
    public Dispatcher()
    {
        On<StockReserved>(ReserveAsync, touches: reserved => [Key(reserved.OrderId)]);
        On<PaymentCharged>(ChargeAsync, touches: charged => [Key(charged.OrderId)]);
        On<OrderRejected>((rejected, context) => EndAsync(rejected.OrderId, ShipmentStatus.Rejected, context), touches: rejected => [Key(rejected.OrderId)]);
        On<PaymentDeclined>((declined, context) => EndAsync(declined.OrderId, ShipmentStatus.Declined, context), touches: declined => [Key(declined.OrderId)]);
        On<OrderCancelRequested>(Cancelling.DecideAsync, touches: requested => [Key(requested.OrderId)]);
    }

    private static string Key(string orderId) => $"order/{orderId}";

    private static async Task ReserveAsync(StockReserved reserved, ReactorContext context)
    {
        await context.ExecuteAsync(
            """
            INSERT INTO shipment (order_id, country, amount, units, reserved_at) VALUES (@OrderId, @Country, @Amount, @Units, @Time)
            ON CONFLICT (order_id) DO UPDATE SET country = excluded.country, amount = excluded.amount, units = excluded.units, reserved_at = excluded.reserved_at
            """,
            new { reserved.OrderId, reserved.Country, reserved.Amount, reserved.Units, context.Time });
        await BookIfReadyAsync(reserved.OrderId, context);
    }

    private static async Task ChargeAsync(PaymentCharged charged, ReactorContext context)
    {
        await context.ExecuteAsync(
            "INSERT INTO shipment (order_id, charged_at) VALUES (@OrderId, @Time) ON CONFLICT (order_id) DO UPDATE SET charged_at = excluded.charged_at",
            new { charged.OrderId, context.Time });
        await BookIfReadyAsync(charged.OrderId, context);
    }

    private static async Task BookIfReadyAsync(string orderId, ReactorContext context)
    {
        if (await Shipment.FindAsync(context, orderId) is { Status: ShipmentStatus.Waiting, ReservedAt: { } reservedAt, ChargedAt: { } chargedAt } shipment)
        {
            await Shipment.SetStatusAsync(context, orderId, ShipmentStatus.Booking);
            var ready = reservedAt > chargedAt ? reservedAt : chargedAt;
            // Which of the two came last is chance: the courier must know the booking again if this is decided once more.
            context.Send(new BookCourier(orderId, shipment.Country!, shipment.Amount, shipment.Units, ready), key: orderId);
        }
    }

    /// <summary>Also after a cancellation: the order then ends as rejected or declined everywhere, for that is the stronger fact.</summary>
    private static async Task EndAsync(string orderId, ShipmentStatus end, ReactorContext context)
    {
        if ((await Shipment.FindAsync(context, orderId))?.Status is null or ShipmentStatus.Waiting or ShipmentStatus.Cancelled)
        {
            await Shipment.SetStatusAsync(context, orderId, end);
        }
    }
}
