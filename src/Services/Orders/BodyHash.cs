using System.Security.Cryptography;
using Contracts;
using Contracts.Http;
using FlowPlatform.Events;

namespace Orders;

/// <summary>SHA-256 of a request in its canonical form: UTC times, prices without trailing zeros. Two requests say the same if and only if their hashes are equal.</summary>
internal static class BodyHash
{
    public static byte[] Of(PlaceOrder order) => Hash(order with { PlacedAt = order.PlacedAt.ToUniversalTime(), Lines = Canonical(order.Lines) });

    public static byte[] Of(ReturnGoods goods) => Hash(goods with { ReturnedAt = goods.ReturnedAt.ToUniversalTime(), Lines = Canonical(goods.Lines) });

    private static byte[] Hash(object body) => SHA256.HashData(FlowJson.Serialize(body));

    private static List<OrderLine> Canonical(IReadOnlyList<OrderLine> lines) => [.. lines.Select(static line => line with { UnitPrice = WithoutTrailingZeros(line.UnitPrice) })];

    /// <summary>Dividing by one with 28 decimals makes the scale as small as it can be.</summary>
    private static decimal WithoutTrailingZeros(decimal price) => price / 1.0000000000000000000000000000m;
}
