using Contracts;
using FlowPlatform.Consumers;
using FlowPlatform.Storage;

namespace Payments;

/// <summary>
/// Has the card charged when stock is reserved, and money sent back when the order was cancelled or goods came back. A cancellation may be here before the reservation is, or while the
/// charge is under way: <see cref="ChargeCardHandler"/> looks for it before it calls, and once more when the charge has come through.
/// </summary>
internal sealed class Cashier : Reactor
{
    public Cashier()
    {
        On<StockReserved>(ChargeAsync, touches: reserved => [OrderKey(reserved.OrderId)]);
        On<OrderCancelled>(CancelAsync, touches: cancelled => [OrderKey(cancelled.OrderId)]);
        On<GoodsReturned>(ReturnAsync, touches: returned => [$"return/{returned.ReturnId}"]);
    }

    private static string OrderKey(string orderId) => $"order/{orderId}";

    private static async Task ChargeAsync(StockReserved reserved, ReactorContext context)
    {
        var added = await context.ExecuteAsync(
            "INSERT INTO payment (order_id, status, amount) VALUES (@OrderId, 'Pending', @Amount) ON CONFLICT (order_id) DO NOTHING", new { reserved.OrderId, reserved.Amount });
        if (added == 1)
        {
            context.Send(new ChargeCard(reserved.OrderId, reserved.Amount));
        }
        else
        {
            // It was cancelled before; the row did not know the amount.
            await context.ExecuteAsync("UPDATE payment SET amount = @Amount WHERE order_id = @OrderId AND status = 'Skipped'", new { reserved.OrderId, reserved.Amount });
        }
    }

    private static async Task CancelAsync(OrderCancelled cancelled, ReactorContext context)
    {
        var payment = await Payment.FindAsync(context, cancelled.OrderId);
        if (payment is null)
        {
            await context.ExecuteAsync(
                "INSERT INTO payment (order_id, status, amount, cancelled_at) VALUES (@OrderId, 'Skipped', 0, @Time)", new { cancelled.OrderId, context.Time });
            return;
        }

        var refund = payment.Status == PaymentStatus.Charged;
        await context.ExecuteAsync(
            "UPDATE payment SET cancelled_at = coalesce(cancelled_at, @Time), status = @Status WHERE order_id = @OrderId",
            new { cancelled.OrderId, context.Time, Status = (refund ? PaymentStatus.Refunding : payment.Status).ToString() });
        if (refund)
        {
            context.Send(RefundCard.For(cancelled.OrderId, payment.Amount, payment.ChargedAt, context.Time), key: cancelled.OrderId);
        }
    }

    private static async Task ReturnAsync(GoodsReturned returned, ReactorContext context)
    {
        var added = await context.ExecuteAsync(
            "INSERT INTO return_refund (return_id, amount) VALUES (@ReturnId, @Amount) ON CONFLICT (return_id) DO NOTHING", new { returned.ReturnId, returned.Amount });
        if (added == 1)
        {
            context.Send(new RefundReturn(returned.ReturnId, returned.Amount));
        }
    }
}
