using Contracts;
using Contracts.Http;
using Simulator.Replay;

namespace Simulator.Dataset;

/// <summary>
/// What an invoice's lines become: an order, a return, a ledger adjustment, or an adjustment of stock for lines without a price.
/// Ids: an order's and a return's is the invoice's, an adjustment of stock is <c>{invoice}-adj</c>. The time is the invoice's first.
/// </summary>
internal static class InvoiceMapper
{
    /// <summary>Maps one invoice, all of its lines.</summary>
    /// <exception cref="DatasetException">A line fits no rule.</exception>
    public static IReadOnlyList<OutsideAction> Map(IReadOnlyList<DatasetLine> lines)
    {
        var first = lines[0];
        if (lines.FirstOrDefault(line => line.CustomerId != first.CustomerId || line.Country != first.Country) is { } other)
        {
            throw new DatasetException(
                other.Line, "CustomerID", $"invoice {first.InvoiceNo} names another customer or country than on line {first.Line}.", "Give an invoice one customer and one country.");
        }

        return first.InvoiceNo[0] switch
        {
            'C' => [MapReturn(lines)],
            'A' => [MapLedger(lines)],
            _ => MapSale(lines),
        };
    }

    private static List<OutsideAction> MapSale(IReadOnlyList<DatasetLine> lines)
    {
        var (first, actions) = (lines[0], new List<OutsideAction>(2));
        var sold = new List<OrderLine>(lines.Count);
        foreach (var line in lines.Where(line => line.UnitPrice != 0))
        {
            sold.Add(line is { Quantity: > 0, UnitPrice: > 0 }
                ? new OrderLine(line.StockCode, line.Quantity, line.UnitPrice)
                : throw new DatasetException(
                    line.Line, line.Quantity < 0 ? "Quantity" : "UnitPrice", "an order line is negative.", "Returns have an invoice that starts with C, ledger adjustments with A."));
        }

        if (sold.Count > 0)
        {
            actions.Add(new OrderAction(new PlaceOrder(first.InvoiceNo, first.CustomerId, first.Country, first.InvoiceDate, sold)));
        }

        // A gift inside of an order leaves the stock; alone, a line without a price is a correction with its own sign.
        var adjusted = lines.Where(line => line.UnitPrice == 0)
            .Select(line => new StockQuantity(line.StockCode, sold.Count > 0 && line.Quantity > 0 ? -line.Quantity : line.Quantity))
            .ToList();
        if (adjusted.Count > 0)
        {
            actions.Add(new StockAction(new AdjustStock(first.InvoiceNo + "-adj", first.InvoiceDate, adjusted)));
        }

        return actions;
    }

    private static ReturnAction MapReturn(IReadOnlyList<DatasetLine> lines)
    {
        var first = lines[0];
        var returned = lines.Select(line => line is { Quantity: < 0, UnitPrice: > 0 }
            ? new OrderLine(line.StockCode, -line.Quantity, line.UnitPrice)
            : throw new DatasetException(
                line.Line, line.Quantity > 0 ? "Quantity" : "UnitPrice", "a return's line has a negative quantity and a positive price.", "Sales have an invoice that starts with a digit."));
        return new ReturnAction(new ReturnGoods(first.InvoiceNo, first.CustomerId, first.Country, first.InvoiceDate, returned.ToList()));
    }

    private static LedgerAction MapLedger(IReadOnlyList<DatasetLine> lines)
    {
        var (first, amount) = (lines[0], lines.Sum(line => line.Quantity * line.UnitPrice));
        return amount != 0
            ? new LedgerAction(new AdjustLedger(first.InvoiceNo, first.InvoiceDate, amount, first.Description.Length > 0 ? first.Description : "Adjustment"))
            : throw new DatasetException(first.Line, "UnitPrice", "a ledger adjustment of 0 changes nothing.", "Give it an amount or leave it out.");
    }
}
