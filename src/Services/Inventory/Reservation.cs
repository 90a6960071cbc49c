using System.Text.Json;
using Contracts;
using FlowPlatform.Events;
using FlowPlatform.Storage;
using FlowPlatform.Stores;

namespace Inventory;

/// <summary>Where an order stands in Inventory.</summary>
internal enum ReservationStatus
{
    /// <summary>It ended, or was cancelled, before it was seen here.</summary>
    Awaited,
    Reserved,
    Rejected,
    Cancelled,
    Released,
    Dispatched,
}

/// <summary>What ends an order. Should several come before the order itself, the last in this list decides: the stronger ones prove that stock had been set aside.</summary>
internal enum Ending
{
    Cancelled,
    Declined,
    Shipped,
}

/// <summary>One order's row in the main store.</summary>
internal sealed class Reservation
{
    public required string OrderId { get; init; }

    public required ReservationStatus Status { get; set; }

    public long Units { get; set; }

    public Ending? Ending { get; set; }

    public DateTimeOffset? EndingAt { get; set; }

    public DateTimeOffset? ReservedAt { get; set; }

    public IReadOnlyList<StockQuantity> Stock { get; set; } = [];

    public static async Task<Reservation?> FindAsync(IStoreScope scope, string orderId) =>
        (await scope.QuerySingleOrDefaultAsync<Row>(
            "SELECT status, units, ending, ending_at AS EndingAt, reserved_at AS ReservedAt, stock FROM reservation WHERE order_id = @orderId", new { orderId }))?.ToReservation(orderId);

    public Task SaveAsync(IStoreScope scope) => scope.ExecuteAsync(
        """
        INSERT INTO reservation (order_id, status, units, ending, ending_at, reserved_at, stock)
        VALUES (@OrderId, @Status, @Units, @Ending, @EndingAt, @ReservedAt, @Stock)
        ON CONFLICT (order_id) DO UPDATE SET
            status = excluded.status, units = excluded.units, ending = excluded.ending, ending_at = excluded.ending_at, reserved_at = excluded.reserved_at, stock = excluded.stock
        """,
        new
        {
            OrderId, Status = Status.ToString(), Units, Ending = Ending?.ToString(), EndingAt, ReservedAt,
            Stock = Status == ReservationStatus.Reserved ? JsonSerializer.Serialize(Stock, FlowJson.Options) : null,
        });

    private sealed class Row
    {
        public string Status { get; init; } = "";

        public long Units { get; init; }

        public string? Ending { get; init; }

        public DateTimeOffset? EndingAt { get; init; }

        public DateTimeOffset? ReservedAt { get; init; }

        public string? Stock { get; init; }

        public Reservation ToReservation(string orderId) => new()
        {
            OrderId = orderId,
            Status = Enum.Parse<ReservationStatus>(Status),
            Units = Units,
            Ending = Ending is null ? null : Enum.Parse<Ending>(Ending),
            EndingAt = EndingAt,
            ReservedAt = ReservedAt,
            Stock = Stock is null ? [] : JsonSerializer.Deserialize<List<StockQuantity>>(Stock, FlowJson.Options)!,
        };
    }
}
