using FlowPlatform.Events;

namespace Contracts;

/// <summary>Stream <c>shipments</c>, published by Shipping: what leaves the house, and what was stopped in time.</summary>
public abstract record ShipmentsEvent;

/// <summary>The courier has the order. <paramref name="Units"/> counts stock lines only; the amount is the whole order's.</summary>
[Event("shipments.shipped.v1", Key = nameof(OrderId))]
public sealed record OrderShipped(string OrderId, decimal Amount, long Units, string TrackingCode) : ShipmentsEvent;

/// <summary>The order was stopped in time: stock is to be released, and money, if taken, to be returned.</summary>
[Event("shipments.cancelled.v1", Key = nameof(OrderId))]
public sealed record OrderCancelled(string OrderId) : ShipmentsEvent;

/// <summary>Too late to cancel, or nothing to cancel.</summary>
[Event("shipments.cancel-refused.v1", Key = nameof(OrderId))]
public sealed record CancelRefused(string OrderId, string Reason) : ShipmentsEvent;
