using Contracts;

namespace FlowPlatform.Tests.Support;

/// <summary>What a shop goes through: orders that take every possible way to their end, returns and adjustments. The seed decides everything.</summary>
internal sealed class ShopHistory
{
    private static readonly string[] Countries = ["United Kingdom", "EIRE", "Österreich", "France"];
    private readonly Random random;

    public ShopHistory(int seed, int orders)
    {
        random = new Random(seed);
        var time = new DateTimeOffset(2010, 12, 1, 20, 0, 0, TimeSpan.Zero);
        for (var index = 0; index < orders; index++)
        {
            time += TimeSpan.FromSeconds(random.Next(1, 900));
            AddOrder($"{536365 + index}", time);
            if (random.Next(5) == 0)
            {
                var returned = new GoodsReturned($"C{536365 + index}", null, Countries[random.Next(4)], Lines());
                Returns.Add((returned, time));
                Events.Add(returned, time);
            }

            if (random.Next(20) == 0)
            {
                var adjusted = new LedgerAdjusted($"A{536365 + index}", (random.Next(-900_000, 900_000) / 100m) + 0.001m, "Adjust bad debt");
                Adjustments.Add(adjusted);
                Events.Add(adjusted, time);
            }
        }
    }

    public EventHistory Events { get; } = new();

    public List<(OrderPlaced Order, DateTimeOffset Time, string End)> Orders { get; } = [];

    public List<(GoodsReturned Return, DateTimeOffset Time)> Returns { get; } = [];

    public List<LedgerAdjusted> Adjustments { get; } = [];

    private void AddOrder(string id, DateTimeOffset time)
    {
        var order = new OrderPlaced(id, random.Next(4) == 0 ? null : $"{random.Next(12346, 12400)}.0", Countries[random.Next(4)], Lines());
        var ends = new[] { "placed", "reserved", "paid", "shipped", "shipped", "shipped", "rejected", "declined", "cancelled" };
        var end = ends[random.Next(ends.Length)];
        Orders.Add((order, time, end));
        var step = 0;
        Then(order);
        if (end is "cancelled" || random.Next(6) == 0)
        {
            Then(new OrderCancelRequested(id));
        }

        if (end is "rejected")
        {
            Then(new OrderRejected(id, ["22423"]));
            return;
        }

        if (end is "placed")
        {
            return;
        }

        List<StockQuantity> stock = [new("85123A", 6), new("22423", 1)];
        Then(new StockReserved(id, order.CustomerId, order.Country, order.Amount, 7, stock));
        if (end is "declined")
        {
            Then(new PaymentDeclined(id, order.Amount, "insufficient funds"));
            Then(new StockReleased(id, "declined", 7, stock));
        }
        else if (end is not "reserved")
        {
            Then(new PaymentCharged(id, order.Amount, $"auth-{id}"));
        }

        if (end is "shipped")
        {
            Then(new OrderShipped(id, order.Amount, 7, $"track-{id}"));
            Then(new StockDispatched(id, 7, stock));
            if (random.Next(6) == 0)
            {
                Then(new CancelRefused(id, "shipped"));
            }
        }
        else if (end is "cancelled")
        {
            Then(new OrderCancelled(id));
            Then(new StockReleased(id, "cancelled", 7, stock));
            Then(new PaymentRefunded(id, order.Amount, $"refund-{id}"));
        }

        // Wall time runs 7 ms a step; the last event is the newest.
        void Then(object @event)
        {
            Events.Add(@event, time + TimeSpan.FromMinutes(step), time + TimeSpan.FromMilliseconds((7 * step) + random.Next(7)));
            step++;
        }
    }

    private List<OrderLine> Lines() =>
        [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => new OrderLine(random.Next(9) == 0 ? "POST" : $"{random.Next(10_000, 99_999)}a", random.Next(1, 500), random.Next(1, 99_999) / 1000m))];
}
