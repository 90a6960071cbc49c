using Contracts;
using Contracts.Http;

namespace Simulator.Replay;

/// <summary>Something that the outside world does to the shop, at an event time. Sent again under the same id it has no further effect.</summary>
internal abstract record OutsideAction(string Id, DateTimeOffset Time);

internal sealed record OrderAction(PlaceOrder Order) : OutsideAction(Order.OrderId, Order.PlacedAt);

/// <summary>The customer asks to cancel an order that was placed before.</summary>
internal sealed record CancelAction(string OrderId, DateTimeOffset RequestedAt) : OutsideAction(OrderId, RequestedAt);

internal sealed record ReturnAction(ReturnGoods Return) : OutsideAction(Return.ReturnId, Return.ReturnedAt);

internal sealed record StockAction(AdjustStock Adjustment) : OutsideAction(Adjustment.AdjustmentId, Adjustment.AdjustedAt);

internal sealed record LedgerAction(AdjustLedger Adjustment) : OutsideAction(Adjustment.AdjustmentId, Adjustment.AdjustedAt);

/// <summary>An action and its place in the input. Positions never fall; several actions may share one.</summary>
internal sealed record Step(long Position, OutsideAction Action);
