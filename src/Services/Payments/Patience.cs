namespace Payments;

/// <summary>
/// How often the gateway may answer that it can't charge now, before the order is declined. In a replay of a dataset there is no limit: its faults pass, and every order is to be paid.
/// </summary>
/// <param name="MaxRefusals">The most refusals that are retried; null: no limit.</param>
internal sealed record Patience(int? MaxRefusals)
{
    public const int ShopRefusals = 8;

    /// <summary>Reads <c>FLOW_MODE</c>: shop (default) or dataset.</summary>
    public static Patience From(IConfiguration configuration) => configuration["FLOW_MODE"] switch
    {
        null or "" or "shop" => new Patience(ShopRefusals),
        "dataset" => new Patience(MaxRefusals: null),
        var other => throw new InvalidOperationException($"FLOW_MODE is '{other}'. It must be 'shop' or 'dataset'."),
    };
}
