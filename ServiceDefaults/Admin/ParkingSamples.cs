namespace ServiceDefaults.Admin;

/// <summary>The exchanges of the description.</summary>
internal sealed class ParkingSamples(string consumer)
{
    public const string NotParked = "Nothing of that is parked. GET /flow/parked lists what is.";
    public const string Opposite = "The opposite was asked for before, and is not done yet. GET /flow/parked shows when it is.";
    private static readonly DateTimeOffset Morning = new(2026, 1, 5, 8, 26, 0, TimeSpan.Zero);
    private readonly ParkedKeyAnswer key = new(
        consumer, "orders", 1, "536365", 2, Morning, "There is no country 'Utopia'.", "System.InvalidOperationException", 1, "parked", null);

    public string Consumer => consumer;

    public (string, string)[] Unknown => [("consumer", Consumer), ("stream", "orders"), ("partition", "1"), ("key", "536365")];

    public ParkingCommand Body => new(Consumer, "orders", 1, "536365", null, "The country is known now.");

    public ParkedKeysAnswer Keys => new(1, [key], null);

    public ParkedQueueAnswer Queue => new(
        1, key, "at Orders.OrderStatus.PlaceAsync(OrderPlaced placed)",
        [
            new ParkedEventAnswer(
                1, "0194350a-8c4e-7d20-9a55-0f6e1a3b7d21", "orders.placed.v1", 1204, 1205, "orders/5f0c1d2e3a4b5c6d", Morning, Morning, Morning, "application/json",
                "0194350a-8c4e-7d20-9a55-0f6e1a3b7d21", null, null, "{\"orderId\":\"536365\"}", false),
        ],
        null);

    public RequestsAnswer Asked => new(
        1, [key with { State = "redriving", Request = new RequestAnswer("0194350b-1f00-7a11-8b22-2c3d4e5f6a7b", "ann", "The country is known now.", Morning.AddHours(1), null) }]);

    public AuditAnswer Audit => new(
        1, [new AuditEntryAnswer(7, Morning.AddHours(1), "ann", "redrive", "The country is known now.", consumer, "orders", 1, "536365", null)], null);
}
