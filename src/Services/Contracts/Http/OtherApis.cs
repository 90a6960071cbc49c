using FlowPlatform.Events;

namespace Contracts.Http;

/// <summary>Body of <c>POST /stock/adjustments</c>: signed quantities; services change nothing but count as lines.</summary>
public sealed record AdjustStock(string AdjustmentId, DateTimeOffset AdjustedAt, IReadOnlyList<StockQuantity> Lines);

/// <summary>Answer of <c>GET /stock/{code}</c>, and an item of <c>GET /stock</c>.</summary>
public sealed record StockView(string Code, long OnHand, long Reserved);

/// <summary>Answer of <c>GET /stock</c>.</summary>
public sealed record StockPage(IReadOnlyList<StockView> Stock, string? Next);

/// <summary>Answer of <c>GET /stock/summary</c>, from Inventory's own state: stock units and how many orders, returns and adjustment lines.</summary>
public sealed record StockSummary(long ReservedUnits, long ReleasedUnits, long DispatchedUnits, long RestockedUnits, long Reservations, long Rejections, long Returns, long AdjustmentLines);

/// <summary>Body of <c>POST /ledger/adjustments</c>: the amount is signed.</summary>
public sealed record AdjustLedger(string AdjustmentId, DateTimeOffset AdjustedAt, decimal Amount, [PersonalData] string Description);

/// <summary>Answer of <c>GET /payments/{orderId}</c>.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Status">pending, charged, declined, refunded or skipped.</param>
/// <param name="Amount">The order's value.</param>
public sealed record PaymentView(string OrderId, string Status, decimal Amount);

/// <summary>Answer of <c>GET /ledger</c>: exact sums and counts from Payments' own state. Refunds and returns are positive.</summary>
public sealed record Ledger(
    decimal Charged, decimal Refunded, decimal ReturnRefunded, decimal Adjustments, long ChargedOrders, long DeclinedOrders, long RefundedOrders, long RefundedReturns, long AdjustmentCount);

/// <summary>Answer of <c>GET /shipments/{orderId}</c>.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Status">waiting, booking, shipped, cancelled or ended (rejected or declined).</param>
/// <param name="TrackingCode">The courier's code, once shipped.</param>
public sealed record ShipmentView(string OrderId, string Status, string? TrackingCode);

/// <summary>Answer of <c>GET /shipments/summary</c>: exact sums from Shipping's own state.</summary>
public sealed record ShipmentsSummary(long Shipped, decimal ShippedAmount, long ShippedUnits, long Cancelled, long CancelsRefused);

/// <summary>Answer of <c>GET /revenue?by=…</c>: one row per day, hour or country. Returns are ≤ 0; net = gross + returns. The adjustments belong to no row.</summary>
public sealed record RevenueAnswer(string By, IReadOnlyList<RevenueRow> Rows, RevenueTotals Totals);

/// <summary>One row; <paramref name="Key"/> is <c>2010-12-01</c>, <c>2010-12-01T08</c> or a country.</summary>
public sealed record RevenueRow(string Key, long Orders, long Units, decimal Gross, decimal Returns, decimal Net);

/// <summary>Sums over everything, whatever the query's bounds; net = gross + returns + adjustments.</summary>
public sealed record RevenueTotals(long Orders, long Units, decimal Gross, decimal Returns, decimal Adjustments, decimal Net, long ReturnCount, long AdjustmentCount);

/// <summary>Body of <c>POST /gateway/charges</c> and <c>POST /gateway/refunds</c> at the card gateway; header <c>Idempotency-Key</c> is required.</summary>
public sealed record GatewayRequest(string Reference, decimal Amount);

/// <summary>Answer of the card gateway, 200: approved with an authorization, or declined for good with a reason. 503 or a broken connection: try again with the same key.</summary>
public sealed record GatewayAnswer(bool Approved, string? Authorization, string? Reason);

/// <summary>Body of <c>POST /courier/bookings</c>; header <c>Idempotency-Key</c> is required.</summary>
public sealed record CourierRequest(string OrderId, string Country, long Units);

/// <summary>Answer of the courier, 200. 503 or a broken connection: try again with the same key.</summary>
public sealed record CourierAnswer(string TrackingCode);
