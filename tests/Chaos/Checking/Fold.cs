using System.Globalization;
using System.Text.Json;

namespace FlowPlatform.Chaos.Checking;

/// <summary>
/// What the read models must hold, folded from the log a second time: event by event, in dictionaries, straight from the JSON. As simple as it can be, and with none of the product's own code.
/// Partitions come one after the other, whole: the result must not depend on how they were interleaved.
/// </summary>
internal sealed class Fold
{
    private static readonly Dictionary<string, int> Ranks = new(StringComparer.Ordinal)
    {
        ["orders.placed.v1"] = 0,
        ["inventory.reserved.v1"] = 1,
        ["payments.charged.v1"] = 2,
        ["shipments.cancelled.v1"] = 3,
        ["payments.declined.v1"] = 4,
        ["inventory.rejected.v1"] = 5,
        ["shipments.shipped.v1"] = 6,
    };

    /// <summary>Events that name an order; all of them date its row.</summary>
    private static readonly HashSet<string> OfAnOrder = [.. Ranks.Keys, "orders.cancel-requested.v1", "inventory.released.v1", "inventory.dispatched.v1", "payments.refunded.v1", "shipments.cancel-refused.v1"];

    private readonly SortedDictionary<string, OrderRow> orders = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, (long OnHand, long Reserved)> stock = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, RevenueRow> revenue = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, (decimal Amount, long Count)> adjustments = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> seen = new(StringComparer.Ordinal);
    private readonly List<string> faults = [];

    /// <summary>Distinct events.</summary>
    public long Events { get; private set; }

    /// <summary>Entries that the log has a second time; consumers must drop them.</summary>
    public long Repeated { get; private set; }

    /// <summary>What is wrong with the log itself: holes, two events under one sequence or one id.</summary>
    public IReadOnlyList<string> Faults => faults;

    public ReadModels Result => new(
        ReadModels.Table(orders, row => row.Text()),
        ReadModels.Table(stock, row => ReadModels.Row(row.OnHand, row.Reserved)),
        ReadModels.Table(revenue, row => ReadModels.Row(row.Orders, row.Units, row.Gross, row.Returns, row.ReturnCount)),
        ReadModels.Table(adjustments, row => ReadModels.Row(row.Amount, row.Count)));

    /// <summary>Orders, units, gross and returns by day and by country, as the input adds them up.</summary>
    public IEnumerable<(string Day, string Country, RevenueRow Row)> Revenue => revenue.Select(pair => (pair.Key[..10], pair.Key[(pair.Key.IndexOf('|', StringComparison.Ordinal) + 1)..], pair.Value));

    public (decimal Amount, long Count) Adjustments => (adjustments.Values.Sum(row => row.Amount), adjustments.Values.Sum(row => row.Count));

    /// <summary>Adds a partition from its first event to its last.</summary>
    public void Add(string partition, IEnumerable<LoggedEvent> events)
    {
        string? producer = null;
        var mark = 0L;
        foreach (var e in events)
        {
            producer ??= e.Producer;
            if (e.Producer != producer)
            {
                faults.Add($"{partition}: {e.Producer} wrote beside {producer}");
            }

            if (e.Sequence <= mark)
            {
                Repeated++;
                continue;
            }

            if (e.Sequence != mark + 1)
            {
                faults.Add($"{partition}: {e.Sequence} follows {mark}");
            }

            mark = e.Sequence;
            Events++;
            if (!seen.TryAdd(e.Id, $"{partition} {e.Sequence}"))
            {
                faults.Add($"{partition} {e.Sequence}: the event {e.Id} is also {seen[e.Id]}");
            }

            Apply(e);
        }
    }

    private void Apply(LoggedEvent e)
    {
        if (OfAnOrder.Contains(e.Type))
        {
            Touch(e);
        }

        switch (e.Type)
        {
            case "orders.placed.v1":
                AddRevenue(e, row => row with { Orders = row.Orders + 1, Units = row.Units + Lines(e).Sum(line => line.Quantity), Gross = row.Gross + Lines(e).Sum(line => line.Quantity * line.Price) });
                break;
            case "orders.returned.v1":
                AddRevenue(e, row => row with { ReturnCount = row.ReturnCount + 1, Returns = row.Returns - Lines(e).Sum(line => line.Quantity * line.Price) });
                break;
            case "payments.adjusted.v1":
                var (amount, count) = adjustments.GetValueOrDefault(Hour(e));
                adjustments[Hour(e)] = (amount + Amount(e.Data, "amount"), count + 1);
                break;
            case "inventory.replenished.v1":
                Change(e.Data.GetProperty("code").GetString()!, e.Data.GetProperty("quantity").GetInt64(), 0);
                break;
            case "inventory.reserved.v1":
                ChangeAll(e, 0, 1);
                break;
            case "inventory.released.v1":
                ChangeAll(e, 0, -1);
                break;
            case "inventory.dispatched.v1":
                ChangeAll(e, -1, -1);
                break;
            case "inventory.restocked.v1" or "inventory.adjusted.v1":
                ChangeAll(e, 1, 0);
                break;
        }
    }

    private void Touch(LoggedEvent e)
    {
        var id = e.Data.GetProperty("orderId").GetString()!;
        var row = orders.GetValueOrDefault(id) ?? new OrderRow();
        orders[id] = row;
        row.State = Math.Max(row.State, Ranks.GetValueOrDefault(e.Type, 0));
        row.UpdatedAt = e.Time > row.UpdatedAt ? e.Time : row.UpdatedAt;
        if (e.Type == "orders.placed.v1")
        {
            row.Customer = e.Data.TryGetProperty("customerId", out var customer) ? customer.GetString() : null;
            row.Country = e.Data.GetProperty("country").GetString();
            row.Amount = Lines(e).Sum(line => line.Quantity * line.Price);
            row.PlacedAt = e.Time;
            row.AcceptedMs = e.Created.ToUnixTimeMilliseconds();
        }
        else if (e.Type == "shipments.shipped.v1")
        {
            row.ShippedMs = e.Created.ToUnixTimeMilliseconds();
        }
    }

    private void AddRevenue(LoggedEvent e, Func<RevenueRow, RevenueRow> add)
    {
        var key = $"{Hour(e)}|{e.Data.GetProperty("country").GetString()}";
        revenue[key] = add(revenue.GetValueOrDefault(key) ?? new RevenueRow(0, 0, 0, 0, 0));
    }

    private void ChangeAll(LoggedEvent e, int onHand, int reserved)
    {
        foreach (var line in e.Data.GetProperty("stock").EnumerateArray())
        {
            var quantity = line.GetProperty("quantity").GetInt64();
            Change(line.GetProperty("code").GetString()!, onHand * quantity, reserved * quantity);
        }
    }

    private void Change(string code, long onHand, long reserved)
    {
        var before = stock.GetValueOrDefault(code);
        stock[code] = (before.OnHand + onHand, before.Reserved + reserved);
    }

    private static List<(long Quantity, decimal Price)> Lines(LoggedEvent e) =>
        [.. e.Data.GetProperty("lines").EnumerateArray().Select(line => (line.GetProperty("quantity").GetInt64(), Amount(line, "unitPrice")))];

    private static decimal Amount(JsonElement json, string name) => decimal.Parse(json.GetProperty(name).GetString()!, CultureInfo.InvariantCulture);

    private static string Hour(LoggedEvent e) => e.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH", CultureInfo.InvariantCulture);

    internal sealed record RevenueRow(long Orders, long Units, decimal Gross, decimal Returns, long ReturnCount);

    private sealed class OrderRow
    {
        public int State { get; set; }

        public DateTimeOffset UpdatedAt { get; set; }

        public string? Customer { get; set; }

        public string? Country { get; set; }

        public decimal? Amount { get; set; }

        public DateTimeOffset? PlacedAt { get; set; }

        public long? AcceptedMs { get; set; }

        public long? ShippedMs { get; set; }

        public string Text() => ReadModels.Row(State, UpdatedAt, Customer, Country, Amount, PlacedAt, AcceptedMs, ShippedMs);
    }
}
