using Contracts;
using FlowPlatform.Consumers;
using FlowPlatform.Storage;

namespace Shipping;

/// <summary>Decides about a request to cancel: granted once, while the order waits; else refused with the reason.</summary>
internal static class Cancelling
{
    public static async Task DecideAsync(OrderCancelRequested requested, ReactorContext context)
    {
        var status = (await Shipment.FindAsync(context, requested.OrderId))?.Status ?? ShipmentStatus.Waiting;
        if (status == ShipmentStatus.Waiting)
        {
            await Shipment.SetStatusAsync(context, requested.OrderId, ShipmentStatus.Cancelled);
            context.Emit(new OrderCancelled(requested.OrderId));
            return;
        }

        await context.ExecuteAsync("UPDATE shipment SET cancels_refused = cancels_refused + 1 WHERE order_id = @OrderId", new { requested.OrderId });
        context.Emit(new CancelRefused(requested.OrderId, Reason(status)));
    }

    private static string Reason(ShipmentStatus status) => status switch
    {
        ShipmentStatus.Booking => "already shipping",
        ShipmentStatus.Shipped => "already shipped",
        ShipmentStatus.Cancelled => "already cancelled",
        ShipmentStatus.Rejected => "rejected",
        ShipmentStatus.Declined => "declined",
        _ => throw new InvalidOperationException($"{status} is no reason to refuse."),
    };
}
