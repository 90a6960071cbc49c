using Contracts;
using Contracts.Http;
using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Storage;
using FlowPlatform.Stores;

namespace Orders;

/// <summary>The projection <c>order-status</c>: how each order stands, folded from all four streams in whatever order they come.</summary>
internal sealed class OrderStatus : Projection
{
    public OrderStatus() => FoldBy<string, OrderStatusRow>(LoadAsync, SaveAsync)
        .On<OrderPlaced>((placed, _) => placed.OrderId, static (row, placed, record) => row.Place(placed, record))
        .On<OrderCancelRequested>((asked, _) => asked.OrderId, static (row, _, record) => row.Touch(record))
        .On<StockReserved>((reserved, _) => reserved.OrderId, static (row, _, record) => row.Reach(OrderState.Reserved, record))
        .On<OrderRejected>((rejected, _) => rejected.OrderId, static (row, _, record) => row.Reach(OrderState.Rejected, record))
        .On<StockReleased>((released, _) => released.OrderId, static (row, _, record) => row.Touch(record))
        .On<StockDispatched>((dispatched, _) => dispatched.OrderId, static (row, _, record) => row.Touch(record))
        .On<PaymentCharged>((charged, _) => charged.OrderId, static (row, _, record) => row.Reach(OrderState.Paid, record))
        .On<PaymentDeclined>((declined, _) => declined.OrderId, static (row, _, record) => row.Reach(OrderState.Declined, record))
        .On<PaymentRefunded>((refunded, _) => refunded.OrderId, static (row, _, record) => row.Touch(record))
        .On<OrderShipped>((shipped, _) => shipped.OrderId, static (row, _, record) => row.Ship(record))
        .On<OrderCancelled>((cancelled, _) => cancelled.OrderId, static (row, _, record) => row.Reach(OrderState.Cancelled, record))
        .On<CancelRefused>((refused, _) => refused.OrderId, static (row, _, record) => row.Touch(record));

    private static async Task<IEnumerable<KeyValuePair<string, OrderStatusRow>>> LoadAsync(IStoreScope scope, IReadOnlyCollection<string> ids)
    {
        var rows = await scope.QueryAsync<OrderStatusRow>(
            $"{OrderStatusRow.Select} WHERE order_id IN {JsonRows.Values(scope.Connection, "ids")}", new { ids = JsonRows.Of(ids) });
        return rows.Select(row => KeyValuePair.Create(row.OrderId, row));
    }

    private static Task SaveAsync(IStoreScope scope, IReadOnlyCollection<KeyValuePair<string, OrderStatusRow>> rows) => scope.ExecuteAsync(
        """
        INSERT INTO order_status (order_id, state, updated_at, customer_id, country, amount, placed_at, accepted_ms, shipped_ms)
        VALUES (@OrderId, @State, @UpdatedAt, @CustomerId, @Country, @Amount, @PlacedAt, @AcceptedMs, @ShippedMs)
        ON CONFLICT (order_id) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at, customer_id = excluded.customer_id, country = excluded.country,
            amount = excluded.amount, placed_at = excluded.placed_at, accepted_ms = excluded.accepted_ms, shipped_ms = excluded.shipped_ms
        """,
        rows.Select(pair => pair.Value.Under(pair.Key)));
}

/// <summary>A row of <c>order_status</c>, which is also the state of the fold.</summary>
internal sealed class OrderStatusRow
{
    public const string Select = """
        SELECT order_id AS OrderId, state AS State, updated_at AS UpdatedAt, customer_id AS CustomerId, country AS Country, amount AS Amount,
               placed_at AS PlacedAt, accepted_ms AS AcceptedMs, shipped_ms AS ShippedMs
        FROM order_status
        """;

    public string OrderId { get; private set; } = "";

    public OrderState State { get; private set; }

    public DateTimeOffset UpdatedAt { get; private set; }

    public string? CustomerId { get; private set; }

    public string? Country { get; private set; }

    public decimal? Amount { get; private set; }

    public DateTimeOffset? PlacedAt { get; private set; }

    /// <summary>When the API accepted it, wall time in Unix ms.</summary>
    public long? AcceptedMs { get; private set; }

    /// <summary>When Shipping committed it, wall time in Unix ms.</summary>
    public long? ShippedMs { get; private set; }

    public OrderStatusRow Under(string id)
    {
        OrderId = id;
        return this;
    }

    public void Place(OrderPlaced placed, LogRecord record)
    {
        CustomerId = placed.CustomerId;
        Country = placed.Country;
        Amount = placed.Amount;
        PlacedAt = record.Event.Time;
        AcceptedMs = record.Event.CommittedAt.ToUnixTimeMilliseconds();
        Touch(record);
    }

    public void Ship(LogRecord record)
    {
        ShippedMs = record.Event.CommittedAt.ToUnixTimeMilliseconds();
        Reach(OrderState.Shipped, record);
    }

    public void Reach(OrderState state, LogRecord record)
    {
        State = state > State ? state : State;
        Touch(record);
    }

    public void Touch(LogRecord record) => UpdatedAt = record.Event.Time > UpdatedAt ? record.Event.Time : UpdatedAt;

    /// <summary>As the API shows it; for rows that have been placed.</summary>
    public OrderView ToView() => new(OrderId, OrderStates.NameOf(State), CustomerId, Country!, Amount!.Value, PlacedAt!.Value, UpdatedAt);
}
