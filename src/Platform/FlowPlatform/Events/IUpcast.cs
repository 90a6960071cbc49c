namespace FlowPlatform.Events;

/// <summary>
/// Turns an old version of an event into a newer one. The record of the old version stays in the contracts, for its events stay in the log, and implements this:
/// <code>
/// [Event("orders.placed.v1", Key = nameof(OrderId))]
/// public sealed record OrderPlacedV1(string OrderId, decimal Amount) : OrdersEvent, IUpcast&lt;OrderPlaced&gt;
/// {
///     public OrderPlaced Upcast() => new(OrderId, Amount, Currency: "GBP");
/// }
/// </code>
/// There is nothing to register. Consumers that handle v2 get v1 through it, and chains (v1 → v2 → v3) are followed. A consumer with handlers for several versions gets each event as the nearest
/// version that it handles: the stored one where it does, else the first one on the way.
/// </summary>
/// <typeparam name="TNext">The newer version: an event of the same name, a higher version, and the same assembly.</typeparam>
public interface IUpcast<out TNext>
    where TNext : class
{
    /// <summary>
    /// The event as the newer version has it. A pure function of the event: no clock, no chance, no I/O, or a rebuild would differ from what it replaces. The key must stay, because the event stays in
    /// the partition of the old one. What it throws surfaces as <see cref="EventDecodingException"/>.
    /// </summary>
    TNext Upcast();
}
