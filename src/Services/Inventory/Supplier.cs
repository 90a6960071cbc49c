using System.Text;
using FlowPlatform.Log;

namespace Inventory;

/// <summary>What comes from the supplier for one code of an order: in time for it, or too late.</summary>
internal readonly record struct Delivery(long InTime, long Late)
{
    public long Total => InTime + Late;
}

/// <summary>
/// Decides what is delivered. In a replay of a dataset everything that is short comes in time, so nothing is ever rejected. In the shop every code opens with
/// <see cref="OpeningStock"/>; an order that would leave less than <see cref="ReorderLevel"/> asks for more, and one in <see cref="LateOneIn"/> such deliveries comes after the decision:
/// if the order can't do without, it is rejected. Who is unlucky follows from order and code alone, so that deciding again decides the same.
/// </summary>
internal sealed class Supplier(bool alwaysInTime)
{
    public const long OpeningStock = 200;
    public const long ReorderLevel = 50;
    public const long Lot = 500;
    public const int LateOneIn = 5;
    public const long DatasetLot = 10_000;

    /// <summary>Reads <c>FLOW_MODE</c>: shop (default) or dataset.</summary>
    public static Supplier From(IConfiguration configuration) => configuration["FLOW_MODE"] switch
    {
        null or "" or "shop" => new Supplier(alwaysInTime: false),
        "dataset" => new Supplier(alwaysInTime: true),
        var other => throw new InvalidOperationException($"FLOW_MODE is '{other}'. It must be 'shop' or 'dataset'."),
    };

    /// <summary>What comes for one code.</summary>
    /// <param name="orderId">The order.</param>
    /// <param name="code">The code.</param>
    /// <param name="quantity">What the order wants of it.</param>
    /// <param name="available">What can be set aside; null if the code was never seen.</param>
    public Delivery Deliver(string orderId, string code, long quantity, long? available)
    {
        if (alwaysInTime)
        {
            var missing = quantity - (available ?? 0);
            return missing > 0 ? new Delivery(missing + DatasetLot, 0) : default;
        }

        var opening = available is null ? OpeningStock : 0;
        var left = (available ?? opening) - quantity;
        if (left >= ReorderLevel)
        {
            return new Delivery(opening, 0);
        }

        var lot = Math.Max(0, -left) + Lot;
        return IsLate(orderId, code) ? new Delivery(opening, lot) : new Delivery(opening + lot, 0);
    }

    public static bool IsLate(string orderId, string code) => Partitioner.Hash(Encoding.UTF8.GetBytes($"{orderId}\n{code}")) % LateOneIn == 0;
}
