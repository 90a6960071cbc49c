using FlowPlatform.Events;

namespace FlowPlatform.Simulation;

/// <summary>What the simulated shop tells.</summary>
internal abstract record OrdersEvent;

[Event("orders.placed.v1", Key = nameof(Customer))]
internal sealed record OrderPlaced(string Customer, int Number, int Item, int Amount) : OrdersEvent;

/// <summary>What the simulated stock tells.</summary>
internal abstract record StockEvent;

[Event("stock.reserved.v1", Key = nameof(Customer))]
internal sealed record StockReserved(string Customer, int Number, int Item, int Amount) : StockEvent;

[Event("stock.charged.v1", Key = nameof(Customer))]
internal sealed record OrderCharged(string Customer, int Number, int Amount) : StockEvent;

[Command("stock.charge")]
internal sealed record Charge(string Customer, int Number, int Item, int Amount);
