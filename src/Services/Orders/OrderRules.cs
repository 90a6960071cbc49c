using System.Globalization;
using Contracts;
using Contracts.Http;
using ServiceDefaults;

namespace Orders;

/// <summary>What a request must satisfy before anything is decided about it. Every fault is named.</summary>
internal static class OrderRules
{
    public const int MaxBatch = 500;
    private const int MaxLines = 2_000;
    private const int MaxQuantity = 1_000_000;
    private const decimal MaxPrice = 1_000_000m;

    /// <summary>Sums of 900,000 orders of this value still fit the store's 64 bits of 1/10,000.</summary>
    private const decimal MaxAmount = 1_000_000_000m;

    public static Faults Check(PlaceOrder order)
    {
        var faults = new Faults();
        faults.RequireId("orderId", order.OrderId);
        CheckParty(faults, order.CustomerId, order.Country);
        faults.RequireTime("placedAt", order.PlacedAt);
        CheckLines(faults, order.Lines);
        return faults;
    }

    public static Faults Check(ReturnGoods goods)
    {
        var faults = new Faults();
        faults.RequireId("returnId", goods.ReturnId);
        CheckParty(faults, goods.CustomerId, goods.Country);
        faults.RequireTime("returnedAt", goods.ReturnedAt);
        CheckLines(faults, goods.Lines);
        return faults;
    }

    public static Faults Check(CancelOrder cancel)
    {
        var faults = new Faults();
        faults.RequireTime("requestedAt", cancel.RequestedAt);
        return faults;
    }

    private static void CheckParty(Faults faults, string? customer, string? country)
    {
        faults.Require(customer is null || RequestRules.IsPrintable(customer, 64), "customerId", "A customer id has 1 to 64 printable characters; leave it out for a guest.");
        faults.RequireText("country", country, 64, "A country");
    }

    private static void CheckLines(Faults faults, IReadOnlyList<OrderLine>? lines)
    {
        if (lines is not { Count: > 0 and <= MaxLines })
        {
            faults.Require(false, "lines", "There are 1 to 2,000 lines.");
            return;
        }

        var amount = 0m;
        for (var index = 0; index < lines.Count; index++)
        {
            // The dictionary holds null where the JSON does.
            if (lines[index] is not { } line)
            {
                faults.Require(false, $"lines[{index}]", "A line has a code, a quantity and a unit price; it is not null.");
            }
            else if (IsGood(line))
            {
                amount += line.Amount;
            }
            else
            {
                NameFaults(faults, line, string.Create(CultureInfo.InvariantCulture, $"lines[{index}]"));
            }
        }

        faults.Require(amount <= MaxAmount, "lines", "All lines together are worth at most 1,000,000,000.");
    }

    private static bool IsGood(OrderLine line) => RequestRules.IsPrintable(line.Code, 32) && line.Quantity is > 0 and <= MaxQuantity && IsPrice(line.UnitPrice);

    private static void NameFaults(Faults faults, OrderLine line, string name)
    {
        faults.Require(RequestRules.IsPrintable(line.Code, 32), $"{name}.code", "A code has 1 to 32 printable characters.");
        faults.Require(line.Quantity is > 0 and <= MaxQuantity, $"{name}.quantity", "A quantity is 1 to 1,000,000.");
        faults.Require(IsPrice(line.UnitPrice), $"{name}.unitPrice", "A unit price is over 0, at most 1,000,000, and has at most three decimals.");
    }

    private static bool IsPrice(decimal price) => price is > 0 and <= MaxPrice && (price.Scale <= 3 || decimal.Round(price, 3) == price);
}
