using Contracts;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using ServiceDefaults;

namespace Orders;

/// <summary>A customer's order; the client names the id, so that it can send the same again without ordering twice.</summary>
internal sealed record PlaceOrder(string OrderId, string Country, int Pieces);

/// <summary><c>POST /orders</c>: 202; 200 for the same order again; 409 for another one under the same id.</summary>
internal static class PlaceOrderEndpoint
{
    private const int MaxPieces = 1_000_000;
    private const int MaxCountry = 64;
    private static readonly PlaceOrder Sample = new("4711", "Germany", 3);

    public static void MapPlaceOrder(this IEndpointRouteBuilder app) => app.MapPost("/orders", PlaceAsync)
        .Describe("placeOrder", "Orders", "Place an order", "The client names the id. 202: it is kept and will be published, even while there is no broker.")
        .Example("accepted", StatusCodes.Status202Accepted, Sample, Sample);

    private static async Task<IResult> PlaceAsync(PlaceOrder order, IServiceStore store, TimeProvider clock, CancellationToken cancellationToken)
    {
        var faults = new Faults();
        faults.RequireId("orderId", order.OrderId);
        faults.RequireText("country", order.Country, MaxCountry, "The country");
        faults.Require(order.Pieces is > 0 and <= MaxPieces, "pieces", "There are 1 to 1,000,000 pieces.");
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        var fingerprint = Fingerprint.Of(order);
        var acceptance = await store.WriteAsync(transaction => DecideAsync(transaction, order, fingerprint, Acceptance.Now(clock)), cancellationToken);
        return acceptance.ToAnswer("Order", order.OrderId, $"/orders/{Uri.EscapeDataString(order.OrderId)}", order);
    }

    /// <summary>One transaction: the row that remembers the order, and the event. Either both are there or neither.</summary>
    private static async ValueTask<Acceptance> DecideAsync(StoreTransaction transaction, PlaceOrder order, byte[] fingerprint, DateTimeOffset now)
    {
        var earlier = await transaction.QuerySingleOrDefaultAsync<Row>("SELECT body_hash AS BodyHash, accepted_at AS AcceptedAt FROM orders WHERE order_id = @OrderId", order);
        return await Acceptance.DecideAsync(earlier is null ? null : new Earlier(earlier.BodyHash, earlier.AcceptedAt), fingerprint, now, async () =>
        {
            await transaction.ExecuteAsync("INSERT INTO orders (order_id, body_hash, accepted_at) VALUES (@OrderId, @fingerprint, @now)", new { order.OrderId, fingerprint, now });
            transaction.Emit(new OrderPlaced(order.OrderId, order.Country, order.Pieces), now);
        });
    }

    private sealed class Row
    {
        public byte[] BodyHash { get; init; } = [];

        public DateTimeOffset AcceptedAt { get; init; }
    }
}
