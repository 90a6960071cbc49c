using Contracts;
using FlowPlatform.Consumers;

namespace Inventory;

/// <summary>Sets stock aside for an order, all lines or none; an order of services only is reserved with 0 units.</summary>
internal static class Reserving
{
    /// <summary>What it takes in event time.</summary>
    public static readonly TimeSpan Takes = TimeSpan.FromSeconds(10);

    public static async Task PlaceAsync(OrderPlaced placed, ReactorContext context, Supplier supplier)
    {
        var reservation = await Reservation.FindAsync(context, placed.OrderId) ?? new Reservation { OrderId = placed.OrderId, Status = ReservationStatus.Awaited };
        if (reservation.Status != ReservationStatus.Awaited)
        {
            return;
        }

        if (reservation.Ending == Ending.Cancelled)
        {
            reservation.Status = ReservationStatus.Cancelled;
            await reservation.SaveAsync(context);
            return;
        }

        await DecideAsync(placed, reservation, context, supplier);
        if (reservation is { Ending: { } ending, EndingAt: { } endedAt })
        {
            await Settling.SettleAsync(reservation, ending, endedAt, context);
        }
    }

    private static async Task DecideAsync(OrderPlaced placed, Reservation reservation, ReactorContext context, Supplier supplier)
    {
        var wanted = StockBook.Combine(placed.Lines);
        var available = await StockBook.LoadAvailableAsync(context, wanted.Select(line => line.Code));
        var deliveries = wanted.Select(line => Deliver(line)).ToList();

        // An order that was declined or shipped had its stock, whatever the supplier would say today.
        var missing = reservation.Ending is null
            ? wanted.Zip(deliveries).Where(pair => Available(pair.First) + pair.Second.InTime < pair.First.Quantity).Select(pair => pair.First.Code).ToList()
            : [];
        var reserves = missing.Count == 0;
        reservation.Status = reserves ? ReservationStatus.Reserved : ReservationStatus.Rejected;
        if (reserves)
        {
            reservation.Units = wanted.Sum(line => line.Quantity);
            reservation.ReservedAt = context.Time + Takes;
            reservation.Stock = wanted;
        }

        await reservation.SaveAsync(context);
        await StockBook.ChangeAsync(
            context,
            [.. wanted.Zip(deliveries, (line, delivery) => new StockChange(line.Code, delivery.Total, reserves ? line.Quantity : 0)).Where(change => change.OnHand != 0 || change.Reserved != 0)]);

        // The decision first: its id doesn't depend on how much had to be delivered (rule P7).
        context.Emit(
            reserves
                ? new StockReserved(placed.OrderId, placed.CustomerId, placed.Country, placed.Amount, reservation.Units, wanted)
                : new OrderRejected(placed.OrderId, missing),
            Takes);
        foreach (var (line, delivery) in wanted.Zip(deliveries).Where(pair => pair.Second.Total > 0))
        {
            context.Emit(new StockReplenished(line.Code, delivery.Total), Takes);
        }

        long Available(StockQuantity line) => available.GetValueOrDefault(line.Code);

        Delivery Deliver(StockQuantity line) =>
            supplier.Deliver(placed.OrderId, line.Code, line.Quantity, available.TryGetValue(line.Code, out var pieces) ? pieces : null);
    }
}
