using FlowPlatform.Events;

namespace Contracts;

/// <summary>Stream <c>inventory</c>, published by Inventory: what happens to stock.</summary>
public abstract record InventoryEvent;

/// <summary>Pieces of one stock code.</summary>
public sealed record StockQuantity(string Code, long Quantity);

/// <summary>Stock is set aside for an order. <paramref name="Units"/> counts stock lines only; 0 for an order of services. The amount is the whole order's.</summary>
[Event("inventory.reserved.v1", Key = nameof(OrderId))]
public sealed record StockReserved(string OrderId, [PersonalData] string? CustomerId, string Country, decimal Amount, long Units, IReadOnlyList<StockQuantity> Stock) : InventoryEvent;

/// <summary>There is not enough stock: the order ends here.</summary>
[Event("inventory.rejected.v1", Key = nameof(OrderId))]
public sealed record OrderRejected(string OrderId, IReadOnlyList<string> MissingCodes) : InventoryEvent;

/// <summary>What was set aside is free again, because the order was declined or cancelled.</summary>
[Event("inventory.released.v1", Key = nameof(OrderId))]
public sealed record StockReleased(string OrderId, string Reason, long Units, IReadOnlyList<StockQuantity> Stock) : InventoryEvent;

/// <summary>What was set aside has left the house with the shipment.</summary>
[Event("inventory.dispatched.v1", Key = nameof(OrderId))]
public sealed record StockDispatched(string OrderId, long Units, IReadOnlyList<StockQuantity> Stock) : InventoryEvent;

/// <summary>Returned goods are back in stock.</summary>
[Event("inventory.restocked.v1", Key = nameof(ReturnId))]
public sealed record StockRestocked(string ReturnId, long Units, IReadOnlyList<StockQuantity> Stock) : InventoryEvent;

/// <summary>New goods have come from the supplier.</summary>
[Event("inventory.replenished.v1", Key = nameof(Code))]
public sealed record StockReplenished(string Code, long Quantity) : InventoryEvent;

/// <summary>Gifts, write-offs and corrections: signed quantities, never refused. <paramref name="Lines"/> counts the adjustment's lines, services included.</summary>
[Event("inventory.adjusted.v1", Key = nameof(AdjustmentId))]
public sealed record StockAdjusted(string AdjustmentId, int Lines, IReadOnlyList<StockQuantity> Stock) : InventoryEvent;
