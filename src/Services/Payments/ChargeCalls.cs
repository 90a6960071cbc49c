using FlowPlatform.Storage;
using FlowPlatform.Stores;

namespace Payments;

/// <summary>
/// Keeps account of calls that may have taken money. A call is open from before it is made until it is known that it took nothing; one that broke, or that a crash cut off, stays open.
/// Only with no call open may an order be skipped or given up: money that was taken unseen could never go back.
/// Each step is one unit of the store, so a cancellation comes clearly before or after it.
/// </summary>
internal sealed class ChargeCalls(IServiceStore store)
{
    /// <summary>Opens a call, unless it must not be made: a cancelled order is skipped if no call is open.</summary>
    /// <returns>The status after it: Pending means call now; null: the order isn't known.</returns>
    public Task<PaymentStatus?> BeginAsync(string orderId, CancellationToken cancellationToken) => store.WriteAsync<PaymentStatus?>(
        async transaction =>
        {
            if (await Payment.FindAsync(transaction, orderId) is not { } payment || payment.Status != PaymentStatus.Pending)
            {
                return (await Payment.FindAsync(transaction, orderId))?.Status;
            }

            if (payment is { CancelledAt: not null, OpenCalls: 0 })
            {
                await transaction.ExecuteAsync("UPDATE payment SET status = 'Skipped' WHERE order_id = @orderId", new { orderId });
                return PaymentStatus.Skipped;
            }

            await transaction.ExecuteAsync("UPDATE payment SET open_calls = open_calls + 1 WHERE order_id = @orderId", new { orderId });
            return PaymentStatus.Pending;
        },
        cancellationToken);

    /// <summary>Closes a call that took nothing. Gives up if the gateway has refused too often and no other call is open.</summary>
    /// <returns>True: given up.</returns>
    public Task<bool> CloseAsync(string orderId, bool refused, Patience patience, CancellationToken cancellationToken) => store.WriteAsync(
        async transaction =>
        {
            await transaction.ExecuteAsync(
                "UPDATE payment SET open_calls = open_calls - 1, refusals = refusals + @Refused WHERE order_id = @orderId", new { orderId, Refused = refused ? 1 : 0 });
            return await transaction.ExecuteAsync(
                "UPDATE payment SET status = 'GivenUp' WHERE order_id = @orderId AND status = 'Pending' AND open_calls = 0 AND refusals > @MaxRefusals",
                new { orderId, MaxRefusals = patience.MaxRefusals ?? long.MaxValue }) == 1;
        },
        cancellationToken);
}
