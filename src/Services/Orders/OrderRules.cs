using System.Globalization;
using System.Text;
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
    private static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static Faults Check(PlaceOrder order)
    {
        var faults = new Faults();
        CheckId(faults, "orderId", order.OrderId);
        CheckParty(faults, order.CustomerId, order.Country);
        CheckTime(faults, "placedAt", order.PlacedAt);
        CheckLines(faults, order.Lines);
        return faults;
    }

    public static Faults Check(ReturnGoods goods)
    {
        var faults = new Faults();
        CheckId(faults, "returnId", goods.ReturnId);
        CheckParty(faults, goods.CustomerId, goods.Country);
        CheckTime(faults, "returnedAt", goods.ReturnedAt);
        CheckLines(faults, goods.Lines);
        return faults;
    }

    public static Faults Check(CancelOrder cancel)
    {
        var faults = new Faults();
        CheckTime(faults, "requestedAt", cancel.RequestedAt);
        return faults;
    }

    /// <summary>True for an id that can also stand in a path: no slash, and none of the words that are paths already.</summary>
    public static bool IsId(string? id) => IsPrintable(id, 64) && !id.Contains('/') && id is not ("." or ".." or "batch" or "summary");

    private static void CheckId(Faults faults, string name, string? id) =>
        faults.Require(IsId(id), name, "An id has 1 to 64 printable characters, no slash, no space at either end, and is not 'batch', 'summary', '.' or '..'.");

    private static void CheckParty(Faults faults, string? customer, string? country)
    {
        faults.Require(customer is null || IsPrintable(customer, 64), "customerId", "A customer id has 1 to 64 printable characters; leave it out for a guest.");
        faults.Require(IsPrintable(country, 64), "country", "A country has 1 to 64 printable characters.");
    }

    private static void CheckTime(Faults faults, string name, DateTimeOffset time) =>
        faults.Require(time >= Earliest && time < Latest, name, "A time is ISO 8601 with its offset, in the years 2000 to 2099, e.g. 2010-12-01T08:26:00Z.");

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

    private static bool IsGood(OrderLine line) => IsPrintable(line.Code, 32) && line.Quantity is > 0 and <= MaxQuantity && IsPrice(line.UnitPrice);

    private static void NameFaults(Faults faults, OrderLine line, string name)
    {
        faults.Require(IsPrintable(line.Code, 32), $"{name}.code", "A code has 1 to 32 printable characters.");
        faults.Require(line.Quantity is > 0 and <= MaxQuantity, $"{name}.quantity", "A quantity is 1 to 1,000,000.");
        faults.Require(IsPrice(line.UnitPrice), $"{name}.unitPrice", "A unit price is over 0, at most 1,000,000, and has at most three decimals.");
    }

    private static bool IsPrice(decimal price) => price is > 0 and <= MaxPrice && (price.Scale <= 3 || decimal.Round(price, 3) == price);

    private static bool IsPrintable([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] string? text, int longest)
    {
        if (text is not { Length: > 0 } || text.Length > longest || text[0] == ' ' || text[^1] == ' ')
        {
            return false;
        }

        foreach (var letter in text)
        {
            if (letter is < ' ' or > '~' && !IsPrintableRune(text))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The slow way, for text that is not all ASCII.</summary>
    private static bool IsPrintableRune(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value != ' ' && (Rune.IsControl(rune) || Rune.IsWhiteSpace(rune) || rune == Rune.ReplacementChar
                || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse))
            {
                return false;
            }
        }

        return true;
    }
}
