namespace Simulator.Replay;

/// <summary>What the input itself adds up to, folded while it is read: the other side of the checks. Not thread-safe.</summary>
internal sealed class InputTotals
{
    private readonly SortedDictionary<string, Row> byDay = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Row> byCountry = new(StringComparer.Ordinal);

    public long Orders { get; private set; }

    /// <summary>Requests to cancel an order.</summary>
    public long Cancels { get; private set; }

    public long OrderLines { get; private set; }

    /// <summary>Pieces of order lines, services included.</summary>
    public long Units { get; private set; }

    public decimal Gross { get; private set; }

    public long Returns { get; private set; }

    public long ReturnLines { get; private set; }

    /// <summary>Value of returns, ≤ 0.</summary>
    public decimal Returned { get; private set; }

    /// <summary>Pieces of stock that came back, services not included.</summary>
    public long RestockedUnits { get; private set; }

    public long LedgerAdjustments { get; private set; }

    public decimal Adjusted { get; private set; }

    /// <summary>Lines of stock adjustments, services included.</summary>
    public long StockAdjustmentLines { get; private set; }

    public decimal Net => Gross + Returned + Adjusted;

    public IReadOnlyDictionary<string, Row> ByDay => byDay;

    public IReadOnlyDictionary<string, Row> ByCountry => byCountry;

    /// <summary>Adds one action.</summary>
    public void Add(OutsideAction action)
    {
        switch (action)
        {
            case OrderAction { Order: var order }:
                var (gross, units) = (order.Lines.Sum(line => line.Amount), order.Lines.Sum(line => (long)line.Quantity));
                (Orders, OrderLines, Units, Gross) = (Orders + 1, OrderLines + order.Lines.Count, Units + units, Gross + gross);
                AddRows(action.Time, order.Country, new Row(1, units, gross, 0));
                break;
            case ReturnAction { Return: var goods }:
                var returned = -goods.Lines.Sum(line => line.Amount);
                (Returns, ReturnLines, Returned) = (Returns + 1, ReturnLines + goods.Lines.Count, Returned + returned);
                RestockedUnits += goods.Lines.Where(line => line.IsStock).Sum(line => (long)line.Quantity);
                AddRows(action.Time, goods.Country, new Row(0, 0, 0, returned));
                break;
            case StockAction { Adjustment: var adjustment }:
                StockAdjustmentLines += adjustment.Lines.Count;
                break;
            case LedgerAction { Adjustment: var adjustment }:
                (LedgerAdjustments, Adjusted) = (LedgerAdjustments + 1, Adjusted + adjustment.Amount);
                break;
            case CancelAction:
                Cancels++;
                break;
        }
    }

    private void AddRows(DateTimeOffset time, string country, Row row)
    {
        var day = time.UtcDateTime.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        byDay[day] = byDay.GetValueOrDefault(day).Plus(row);
        byCountry[country] = byCountry.GetValueOrDefault(country).Plus(row);
    }

    /// <summary>Sums of one day or one country; returns ≤ 0.</summary>
    internal readonly record struct Row(long Orders, long Units, decimal Gross, decimal Returns)
    {
        public Row Plus(Row other) => new(Orders + other.Orders, Units + other.Units, Gross + other.Gross, Returns + other.Returns);
    }
}
