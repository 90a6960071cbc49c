using FlowPlatform.Events;

namespace Contracts;

/// <summary>Stream <c>orders</c>, published by Orders: what customers want.</summary>
public abstract record OrdersEvent;

/// <summary>An order was placed. Once such an event is on the log it stays as it is: a new version is a new record, <c>orders.placed.v2</c>.</summary>
[Event("orders.placed.v1", Key = nameof(OrderId))]
public sealed record OrderPlaced(string OrderId, string Country, int Pieces) : OrdersEvent;
