using FlowPlatform.Storage;
using FlowPlatform.Stores;

namespace Payments;

/// <summary>Where the money of an order is.</summary>
internal enum PaymentStatus
{
    /// <summary>To be charged.</summary>
    Pending,
    Charged,
    Declined,

    /// <summary>Not to be tried again; becomes <see cref="Declined"/> with the event.</summary>
    GivenUp,

    /// <summary>Cancelled before the gateway was asked.</summary>
    Skipped,
    Refunding,
    Refunded,
}

/// <summary>One order's row in the main store.</summary>
internal sealed class Payment
{
    public PaymentStatus Status { get; init; }

    public decimal Amount { get; init; }

    public DateTimeOffset? ChargedAt { get; init; }

    public DateTimeOffset? CancelledAt { get; init; }

    public long OpenCalls { get; init; }

    public long Refusals { get; init; }

    public const string Select =
        "SELECT status, amount, charged_at AS ChargedAt, cancelled_at AS CancelledAt, open_calls AS OpenCalls, refusals FROM payment WHERE order_id = @orderId";

    public static Task<Payment?> FindAsync(IStoreScope scope, string orderId) => scope.QuerySingleOrDefaultAsync<Payment>(Select, new { orderId });
}
