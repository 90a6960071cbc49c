using FlowPlatform.Events;

namespace Contracts.Http;

/// <summary>Body of <c>POST /orders</c>, and an item of <c>POST /orders/batch</c> (at most 500). The client names the price.</summary>
public sealed record PlaceOrder(string OrderId, [PersonalData] string? CustomerId, string Country, DateTimeOffset PlacedAt, IReadOnlyList<OrderLine> Lines);

/// <summary>Body of <c>POST /orders/{id}/cancel</c>.</summary>
public sealed record CancelOrder(DateTimeOffset RequestedAt);

/// <summary>Body of <c>POST /returns</c>: quantities and prices are positive.</summary>
public sealed record ReturnGoods(string ReturnId, [PersonalData] string? CustomerId, string Country, DateTimeOffset ReturnedAt, IReadOnlyList<OrderLine> Lines);

/// <summary>Answer of <c>POST /orders</c> (202 with Location, or 200 when the same order was accepted before) and of <c>POST /returns</c>.</summary>
public sealed record Accepted(string Id, string Status, DateTimeOffset AcceptedAt);

/// <summary>Answer of <c>POST /orders/batch</c>: 200, one result per order, in order.</summary>
public sealed record BatchResult(IReadOnlyList<BatchItemResult> Results);

/// <summary>What became of one order of a batch.</summary>
/// <param name="Id">The order's id as it was sent.</param>
/// <param name="Outcome">accepted, duplicate (same body before), conflict (another body before) or invalid.</param>
/// <param name="Errors">Every fault, for invalid; else null.</param>
public sealed record BatchItemResult(string Id, string Outcome, IReadOnlyDictionary<string, string[]>? Errors = null);

/// <summary>Answer of <c>GET /orders/{id}</c>, and an item of <c>GET /orders</c>.</summary>
/// <param name="OrderId">Its id.</param>
/// <param name="Status">placed, reserved, paid, shipped, rejected, declined or cancelled.</param>
/// <param name="CustomerId">The customer; null for guests.</param>
/// <param name="Country">Where it goes.</param>
/// <param name="Amount">Its value.</param>
/// <param name="PlacedAt">Event time.</param>
/// <param name="UpdatedAt">Event time of the newest event about it.</param>
public sealed record OrderView(string OrderId, string Status, [PersonalData] string? CustomerId, string Country, decimal Amount, DateTimeOffset PlacedAt, DateTimeOffset UpdatedAt);

/// <summary>Answer of <c>GET /orders</c>: <paramref name="Next"/> goes into <c>after</c> for the next page; null at the end.</summary>
public sealed record OrderPage(IReadOnlyList<OrderView> Orders, string? Next);

/// <summary>Answer of <c>GET /orders/summary</c>.</summary>
/// <param name="Accepted">Orders that the API accepted (command table).</param>
/// <param name="Returns">Returns that the API accepted.</param>
/// <param name="ByStatus">Orders by status, from the order-status projection.</param>
/// <param name="LatencyMs">From accepted to shipped in wall time, ms: p50, p95, p99; zeros if nothing shipped.</param>
public sealed record OrdersSummary(long Accepted, long Returns, IReadOnlyDictionary<string, long> ByStatus, Percentiles LatencyMs);

/// <summary>Percentiles, in ms.</summary>
public sealed record Percentiles(double P50, double P95, double P99);
