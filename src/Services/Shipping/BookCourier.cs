using Contracts;
using Contracts.Http;
using FlowPlatform.Commands;
using FlowPlatform.Events;
using FlowPlatform.Storage;

namespace Shipping;

/// <summary>Book the courier for an order that is reserved and charged.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Country">Where it goes.</param>
/// <param name="Amount">The order's value.</param>
/// <param name="Units">Pieces of stock.</param>
/// <param name="Ready">Event time at which it was both reserved and charged (rule T3).</param>
[Command("shipping.book-courier")]
internal sealed record BookCourier(string OrderId, string Country, decimal Amount, long Units, DateTimeOffset Ready);

internal sealed class BookCourierHandler(Courier courier) : CommandHandler<BookCourier, string>
{
    /// <summary>What it takes in event time until the goods have left.</summary>
    private static readonly TimeSpan Takes = TimeSpan.FromHours(4);

    public override Task<string> CallAsync(BookCourier command, CommandContext context, CancellationToken cancellationToken) =>
        courier.BookAsync(context.CommandId, new CourierRequest(command.OrderId, command.Country, command.Units), cancellationToken);

    public override async ValueTask ApplyAsync(BookCourier command, string outcome, CommandTransaction transaction)
    {
        await transaction.ExecuteAsync(
            "UPDATE shipment SET status = 'Shipped', tracking_code = @outcome WHERE order_id = @OrderId", new { command.OrderId, outcome });
        transaction.Emit(new OrderShipped(command.OrderId, command.Amount, command.Units, outcome), command.Ready + Takes - transaction.Cause.Time);
    }
}
