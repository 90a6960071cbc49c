using FlowPlatform.Storage;
using FlowPlatform.Stores;

namespace Shipping;

/// <summary>Where an order stands in Shipping.</summary>
internal enum ShipmentStatus
{
    /// <summary>For stock, money or both.</summary>
    Waiting,

    /// <summary>The courier's command is on its way: too late to cancel.</summary>
    Booking,
    Shipped,
    Cancelled,
    Rejected,
    Declined,
}

/// <summary>One order's row in the main store.</summary>
internal sealed class Shipment
{
    public ShipmentStatus Status { get; init; }

    public string? Country { get; init; }

    public decimal Amount { get; init; }

    public long Units { get; init; }

    public DateTimeOffset? ReservedAt { get; init; }

    public DateTimeOffset? ChargedAt { get; init; }

    public string? TrackingCode { get; init; }

    public const string Select =
        """
        SELECT status, country, amount, units, reserved_at AS ReservedAt, charged_at AS ChargedAt, tracking_code AS TrackingCode
        FROM shipment WHERE order_id = @orderId
        """;

    public static Task<Shipment?> FindAsync(IStoreScope scope, string orderId) => scope.QuerySingleOrDefaultAsync<Shipment>(Select, new { orderId });

    public static Task SetStatusAsync(IStoreScope scope, string orderId, ShipmentStatus status) => scope.ExecuteAsync(
        "INSERT INTO shipment (order_id, status) VALUES (@orderId, @status) ON CONFLICT (order_id) DO UPDATE SET status = excluded.status",
        new { orderId, status = status.ToString() });
}
