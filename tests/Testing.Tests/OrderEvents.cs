using Contracts;

namespace FlowPlatform.Testing.Tests;

/// <summary>Events of the stream <c>orders</c>.</summary>
internal static class OrderEvents
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static OrderPlaced Order(string id, string? customer = "anna", decimal amount = 10m) => new(id, customer, "EIRE", [new OrderLine("22423", 1, amount)]);

    public static GoodsReturned Poison(string id) => new(id, "anna", "EIRE", [new OrderLine("22423", -1, 5m)]);

    /// <summary>Orders of one customer, spread over the partitions.</summary>
    public static EventHistory Orders(int count)
    {
        var history = new EventHistory();
        for (var number = 1; number <= count; number++)
        {
            history.Add(Order($"{number}"), Noon.AddMinutes(number));
        }

        return history;
    }
}
