using System.Globalization;
using Contracts.Http;
using FlowPlatform.Hosting;
using Simulator.Replay;
using Simulator.Watching;

namespace Simulator.Checks;

/// <summary>Something that must hold at the end.</summary>
internal sealed record Invariant(string Name, bool Ok, string Detail);

/// <summary>What must hold when all is quiet: money, stock, counts and totals agree between services that share no database.</summary>
internal static class Invariants
{
    public static IReadOnlyList<Invariant> Check(Evidence evidence) =>
    [
        MoneyTaken(evidence),
        ReturnsRefunded(evidence),
        StockSettled(evidence),
        EveryOrderTerminal(evidence),
        NoHole(evidence),
        NoDuplicateEffect(evidence),
        CountsAgree(evidence),
        RevenueIsTheLedgers(evidence),
        .. evidence.Input is { } input ? [RevenueIsTheInputs(evidence, input)] : Array.Empty<Invariant>(),
        .. evidence is { IsDataset: true, Input: { } dataset } ? [EveryOrderShipped(evidence, dataset)] : Array.Empty<Invariant>(),
    ];

    private static Invariant MoneyTaken(Evidence e) => Judge(
        "money taken = value shipped + refunds of unshipped orders",
        Same("taken by the gateway's book", e.Book.Taken, "shipped and refunded", e.Shipments.ShippedAmount + e.Book.RefundedToOrders),
        Same("taken by the gateway's book", e.Book.Taken, "charged in the ledger", e.Ledger.Charged),
        Same("refunded by the gateway's book", e.Book.RefundedToOrders, "refunded in the ledger", e.Ledger.Refunded));

    private static Invariant ReturnsRefunded(Evidence e) => Judge(
        "return refunds = value returned",
        Same("refunded by the gateway's book", e.Book.RefundedToReturns, "returned in the revenue", -e.Days.Totals.Returns),
        e.Input is { } input
            ? Same("refunded in the ledger", e.Ledger.ReturnRefunded, "returned in the input", -input.Returned)
            : Same("refunded in the ledger", e.Ledger.ReturnRefunded, "returned in the revenue", -e.Days.Totals.Returns));

    private static Invariant StockSettled(Evidence e) => Judge(
        "units reserved = shipped + released",
        [
            Same("reserved", e.Stock.ReservedUnits, "dispatched and released", e.Stock.DispatchedUnits + e.Stock.ReleasedUnits),
            Same("dispatched by Inventory", e.Stock.DispatchedUnits, "shipped by Shipping", e.Shipments.ShippedUnits),
            .. e.Input is { } input ? [Same("restocked", e.Stock.RestockedUnits, "stock units returned in the input", input.RestockedUnits)] : Array.Empty<(bool, string)>(),
        ]);

    private static Invariant EveryOrderTerminal(Evidence e) => Judge(
        "every order terminal",
        Same("in a terminal state", QuietWatch.TerminalStates.Sum(e.InState), "accepted", e.Orders.Accepted));

    private static Invariant NoHole(Evidence e)
    {
        var ends = Snapshot.EndsOf(e.Statuses.Values);
        var consumers = e.Statuses.Values.SelectMany(status => status.Consumers.Select(row => (status.Service, Row: row))).ToList();
        return Judge(
            "no hole",
            [
                .. consumers.Select(c => AtEnd(Name(c.Service, c.Row), c.Row, ends.GetValueOrDefault((c.Row.Stream, c.Row.Partition)))),
                .. consumers.Select(c => Same($"lag of {Name(c.Service, c.Row)}", c.Row.Lag ?? -1, "expected", 0)),
                .. e.Statuses.Values.Select(status => Same($"parked keys of {status.Service}", status.Parked, "expected", 0)),
            ]);
    }

    private static (bool Ok, string Detail) AtEnd(string name, ConsumerPartitionStatus row, PublishedPartitionStatus? end) =>
        (end is not null && Snapshot.IsAtEnd(row, end), $"mark of {name} {row.Mark}, last sequence {(end is null ? "unknown" : Text(end.LastSequence))}");

    private static string Name(string service, ConsumerPartitionStatus row) => $"{service}/{row.Consumer} on {row.Stream}-{row.Partition}";

    private static Invariant NoDuplicateEffect(Evidence e) => Judge(
        "no duplicate effect",
        None("charged or refunded twice", e.Book.RepeatedReferences),
        None("booked twice with the courier", e.Book.RepeatedBookings),
        Same("charges in the gateway's book", e.Book.Charges, "charged orders in the ledger", e.Ledger.ChargedOrders),
        Same("courier's bookings", e.Book.Bookings, "shipped by Shipping", e.Shipments.Shipped),
        Same("refunds of orders in the gateway's book", e.Book.OrderRefunds, "refunded orders in the ledger", e.Ledger.RefundedOrders),
        Same("refunds of returns in the gateway's book", e.Book.ReturnRefunds, "refunded returns in the ledger", e.Ledger.RefundedReturns));

    private static Invariant CountsAgree(Evidence e) => Judge(
        "per-service counts agree",
        Expected(e, "orders in the revenue", e.Days.Totals.Orders, input => input.Orders, e.Orders.Accepted),
        Expected(e, "accepted by Orders", e.Orders.Accepted, input => input.Orders, e.Days.Totals.Orders),
        Same("shipped in the order status", e.InState("shipped"), "shipped by Shipping", e.Shipments.Shipped),
        Same("charged orders", e.Ledger.ChargedOrders, "shipped and refunded ones", e.Shipments.Shipped + e.Ledger.RefundedOrders),
        Same("rejected in the order status", e.InState("rejected"), "rejected by Inventory", e.Stock.Rejections),
        Same("declined in the order status", e.InState("declined"), "declined by Payments", e.Ledger.DeclinedOrders),
        Expected(e, "returns accepted by Orders", e.Orders.Returns, input => input.Returns, e.Days.Totals.ReturnCount),
        Expected(e, "returns in the revenue", e.Days.Totals.ReturnCount, input => input.Returns, e.Orders.Returns),
        Expected(e, "returns restocked", e.Stock.Returns, input => input.Returns, e.Orders.Returns),
        Expected(e, "returns refunded", e.Ledger.RefundedReturns, input => input.Returns, e.Orders.Returns),
        Expected(e, "ledger adjustments", e.Ledger.AdjustmentCount, input => input.LedgerAdjustments, e.Days.Totals.AdjustmentCount),
        Expected(e, "ledger adjustments in the revenue", e.Days.Totals.AdjustmentCount, input => input.LedgerAdjustments, e.Ledger.AdjustmentCount),
        Expected(e, "lines of stock adjustments", e.Stock.AdjustmentLines, input => input.StockAdjustmentLines, e.Stock.AdjustmentLines));

    private static Invariant RevenueIsTheLedgers(Evidence e) => Judge(
        "revenue and ledger agree",
        Same("adjustments in the revenue", e.Days.Totals.Adjustments, "in the ledger", e.Ledger.Adjustments),
        Same("returns in the revenue", -e.Days.Totals.Returns, "refunded in the ledger", e.Ledger.ReturnRefunded),
        Same("gross by day", e.Days.Rows.Sum(row => row.Gross), "by country", e.Countries.Rows.Sum(row => row.Gross)),
        Same("net by day and adjustments", e.Days.Rows.Sum(row => row.Net) + e.Days.Totals.Adjustments, "net in all", e.Days.Totals.Net));

    private static Invariant RevenueIsTheInputs(Evidence e, InputTotals input) => Judge(
        "revenue = the input's own totals",
        [
            Same("gross", e.Days.Totals.Gross, "in the input", input.Gross),
            Same("returns", e.Days.Totals.Returns, "in the input", input.Returned),
            Same("adjustments", e.Days.Totals.Adjustments, "in the input", input.Adjusted),
            Same("net", e.Days.Totals.Net, "in the input", input.Net),
            Same("units", e.Days.Totals.Units, "in the input", input.Units),
            Same("adjustments in the ledger", e.Ledger.Adjustments, "in the input", input.Adjusted),
            .. CompareRows(e.Days, input.ByDay),
            .. CompareRows(e.Countries, input.ByCountry),
        ]);

    private static Invariant EveryOrderShipped(Evidence e, InputTotals input) => Judge(
        "every order of a dataset shipped", Same("shipped", e.InState("shipped"), "orders of the input", input.Orders));

    /// <summary>With the input's own count; where that is not all that was sent, with another service's.</summary>
    private static (bool Ok, string Detail) Expected(Evidence e, string name, long value, Func<InputTotals, long> inInput, long elsewhere) =>
        e.Input is { } input ? Same(name, value, "in the input", inInput(input)) : Same(name, value, "elsewhere", elsewhere);

    private static IEnumerable<(bool, string)> CompareRows(RevenueAnswer answer, IReadOnlyDictionary<string, InputTotals.Row> expected)
    {
        yield return Same($"rows by {answer.By}", answer.Rows.Count, "in the input", expected.Count);
        foreach (var row in answer.Rows)
        {
            var input = expected.GetValueOrDefault(row.Key);
            var found = new InputTotals.Row(row.Orders, row.Units, row.Gross, row.Returns);
            yield return (found == input && row.Net == row.Gross + row.Returns, $"{row.Key}: {found} net {Text(row.Net)}, in the input {input}");
        }
    }

    private static (bool Ok, string Detail) Same(string name, decimal value, string otherName, decimal other) =>
        (value == other, $"{name} {Text(value)}, {otherName} {Text(other)}");

    private static (bool Ok, string Detail) None(string name, IReadOnlyList<string> found) => (found.Count == 0, $"{name}: {(found.Count == 0 ? "none" : string.Join(", ", found))}");

    // Of what holds the first comparison speaks for all; of what fails, all that fail, within reason.
    private static Invariant Judge(string name, params (bool Ok, string Detail)[] comparisons)
    {
        var failed = comparisons.Where(comparison => !comparison.Ok).Select(comparison => comparison.Detail).ToList();
        var detail = failed.Count == 0 ? $"{comparisons[0].Detail}; {comparisons.Length} comparisons" : string.Join("; ", failed.Take(10));
        return new Invariant(name, failed.Count == 0, failed.Count > 10 ? $"{detail}; and {failed.Count - 10} more" : detail);
    }

    private static string Text(decimal value) => value.ToString("0.############", CultureInfo.InvariantCulture);
}
