using System.Data.Common;
using Contracts.Http;
using Dapper;
using FlowPlatform.Hosting;
using FlowPlatform.Stores;
using ServiceDefaults;

namespace Orders;

/// <summary><c>GET /orders/{id}</c>: from the projection; until that has the order, from the command table, so that no 202 is followed by a 404.</summary>
internal static class GetOrderEndpoint
{
    public static void MapGetOrder(this IEndpointRouteBuilder app) => app.MapGet("/orders/{id}", GetAsync)
        .Describe("getOrder", "Orders", "Find an order", "Found from the moment of its 202. Status: placed, reserved, paid, shipped, rejected, declined or cancelled.")
        .Example("placed", StatusCodes.Status200OK, answer: Samples.View, with: [("id", Samples.Id)])
        .Refusal("unknown", StatusCodes.Status404NotFound, "There is no order '999999'.", with: [("id", Samples.Unknown)]);

    private static async Task<IResult> GetAsync(string id, ProjectionReader<OrderStatus> projection, IServiceStore store, CancellationToken cancellationToken)
    {
        await using var status = await projection.OpenAsync(cancellationToken);
        await using var main = await store.OpenReadAsync(cancellationToken);
        return await FindAsync(status, main, id) is { } order ? TypedResults.Ok(order) : Problems.NotFound($"There is no order '{id}'.");
    }

    internal static async Task<OrderView?> FindAsync(DbConnection projection, DbConnection main, string id)
    {
        var status = await projection.QuerySingleOrDefaultAsync<OrderStatusRow>($"{OrderStatusRow.Select} WHERE order_id = @id", new { id });
        if (status?.PlacedAt is not null)
        {
            return status.ToView();
        }

        return await OrderTable.FindAsync(main, id) is { } order ? ViewOf(order, status) : null;
    }

    /// <summary>Other streams may have come first: what they say counts.</summary>
    private static OrderView ViewOf(OrderRow order, OrderStatusRow? status) => new(
        order.OrderId,
        OrderStates.NameOf(status?.State ?? OrderState.Placed),
        order.CustomerId,
        order.Country,
        order.Amount,
        order.PlacedAt,
        status is not null && status.UpdatedAt > order.PlacedAt ? status.UpdatedAt : order.PlacedAt);
}
