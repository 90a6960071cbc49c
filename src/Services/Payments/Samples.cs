using Contracts.Http;

namespace Payments;

/// <summary>What the API's description shows.</summary>
internal static class Samples
{
    public const string Id = "A563186";

    public static readonly AdjustLedger Adjustment = new(Id, new DateTimeOffset(2011, 8, 12, 14, 51, 0, TimeSpan.Zero), -11062.06m, "Adjust bad debt");

    public static readonly PaymentView Payment = new("536365", "pending", 18.69m);

    public static readonly Ledger Ledger = new(0, 0, 0, Adjustment.Amount, 0, 0, 0, 0, 1);

    public static readonly Contracts.Http.Accepted Accepted = new(Id, "adjusted", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
}
