using Contracts;
using FlowPlatform.Consumers;

namespace Inventory;

/// <summary>Ends a reservation, once: released when the order was declined or cancelled, dispatched when it was shipped.</summary>
internal static class Settling
{
    public static async Task EndAsync(string orderId, Ending ending, ReactorContext context)
    {
        var reservation = await Reservation.FindAsync(context, orderId) ?? new Reservation { OrderId = orderId, Status = ReservationStatus.Awaited };
        switch (reservation.Status)
        {
            case ReservationStatus.Awaited when reservation.Ending is null || reservation.Ending < ending:
                reservation.Ending = ending;
                reservation.EndingAt = context.Time;
                await reservation.SaveAsync(context);
                break;
            case ReservationStatus.Reserved:
                await SettleAsync(reservation, ending, context.Time, context);
                break;
            default:
                break; // It has ended already, or never had anything.
        }
    }

    /// <summary>Settles a reservation that has its stock. It is later than both the reservation and what ended it, whichever of them came first (rule T3).</summary>
    public static async Task SettleAsync(Reservation reservation, Ending ending, DateTimeOffset endedAt, ReactorContext context)
    {
        var stock = reservation.Stock;
        var dispatched = ending == Ending.Shipped;
        reservation.Status = dispatched ? ReservationStatus.Dispatched : ReservationStatus.Released;
        reservation.Ending = ending;
        reservation.EndingAt = endedAt;
        await reservation.SaveAsync(context);
        await StockBook.ChangeAsync(context, [.. stock.Select(line => new StockChange(line.Code, dispatched ? -line.Quantity : 0, -line.Quantity))]);
        context.Emit(
            dispatched
                ? new StockDispatched(reservation.OrderId, reservation.Units, stock)
                : new StockReleased(reservation.OrderId, ending == Ending.Declined ? "declined" : "cancelled", reservation.Units, stock),
            Later(endedAt, reservation.ReservedAt) - context.Time);
    }

    private static DateTimeOffset Later(DateTimeOffset ended, DateTimeOffset? reserved) => reserved > ended ? reserved.Value : ended;
}
