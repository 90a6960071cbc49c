namespace Orders;

/// <summary>How far an order has come. The greatest one wins, whichever stream comes first (rule C5): what ends an order outranks what leads there. The numbers are in the database.</summary>
internal enum OrderState
{
    Placed = 0,
    Reserved = 1,
    Paid = 2,
    Cancelled = 3,
    Declined = 4,
    Rejected = 5,
    Shipped = 6,
}

/// <summary>The states' names in the API.</summary>
internal static class OrderStates
{
    public static IReadOnlyList<string> Names { get; } = ["placed", "reserved", "paid", "cancelled", "declined", "rejected", "shipped"];

    public static string NameOf(OrderState state) => Names[(int)state];

    public static bool TryParse(string name, out OrderState state)
    {
        var index = Names.IndexOf(name);
        state = (OrderState)index;
        return index >= 0;
    }

    private static int IndexOf(this IReadOnlyList<string> names, string name)
    {
        for (var index = 0; index < names.Count; index++)
        {
            if (names[index] == name)
            {
                return index;
            }
        }

        return -1;
    }
}
