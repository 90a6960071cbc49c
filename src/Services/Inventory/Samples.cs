using Contracts;
using Contracts.Http;

namespace Inventory;

/// <summary>What the API's description shows.</summary>
internal static class Samples
{
    public const string Id = "536414-adj";
    public const string Code = "22139";

    public static readonly AdjustStock Adjustment = new(Id, new DateTimeOffset(2010, 12, 1, 11, 52, 0, TimeSpan.Zero), [new StockQuantity(Code, 56), new StockQuantity("85123A", -2)]);

    public static readonly StockView View = new(Code, 56, 0);

    public static readonly StockView Second = new("85123A", -2, 0);

    public static readonly Contracts.Http.Accepted Accepted = new(Id, "adjusted", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
}
