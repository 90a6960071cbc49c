using System.Globalization;
using Contracts.Http;
using Dapper;
using FlowPlatform.Hosting;
using ServiceDefaults;

namespace Orders;

/// <summary><c>GET /orders?status=&amp;customer=&amp;after=&amp;limit=</c>: pages by key, in ordinal order of the ids; 100 a page by default, at most 500.</summary>
internal static class ListOrdersEndpoint
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 500;

    public static void MapListOrders(this IEndpointRouteBuilder app) => app.MapGet("/orders", ListAsync)
        .Describe("listOrders", "Orders", "List orders", "In the ordinal order of their ids, 100 a page unless asked otherwise, at most 500; 'next' of a page goes into 'after'. Orders appear here moments after their 202.")
        .Example("of-a-customer", StatusCodes.Status200OK, answer: new OrderPage([Samples.View], null), with: [("customer", "17850"), ("status", "placed")])
        .Example("first-page", StatusCodes.Status200OK, answer: new OrderPage([Samples.View], Samples.Id), with: [("limit", "1")])
        .Example("second-page", StatusCodes.Status200OK, answer: new OrderPage([Samples.GuestView], null), with: [("limit", "1"), ("after", Samples.Id)])
        .Invalid("negative", "limit", "A limit is 1 to 500.", with: [("limit", "-1")]);

    private static async Task<IResult> ListAsync(
        string? status, string? customer, string? after, string? limit, ProjectionReader<OrderStatus> projection, CancellationToken cancellationToken)
    {
        var faults = new Faults();
        var state = OrderState.Placed;
        var size = DefaultLimit;
        faults.Require(status is null || OrderStates.TryParse(status, out state), "status", $"A status is one of {string.Join(", ", OrderStates.Names)}.");
        faults.Require(
            limit is null || (int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out size) && size is > 0 and <= MaxLimit), "limit", "A limit is 1 to 500.");
        faults.Require(customer is not { Length: 0 or > 64 }, "customer", "A customer id has 1 to 64 characters.");
        faults.Require(after is not { Length: 0 or > 64 }, "after", "Pass the 'next' of the page before.");
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        List<string> conditions = ["placed_at IS NOT NULL"];
        AddIf(status, "state = @state");
        AddIf(customer, "customer_id = @customer");
        AddIf(after, "order_id > @after");
        await using var db = await projection.OpenAsync(cancellationToken);
        var rows = (await db.QueryAsync<OrderStatusRow>(
            $"{OrderStatusRow.Select} WHERE {string.Join(" AND ", conditions)} ORDER BY order_id LIMIT @take",
            new { state = (int)state, customer, after, take = size + 1 })).AsList();
        var page = rows.Take(size).Select(row => row.ToView()).ToList();
        return TypedResults.Ok(new OrderPage(page, rows.Count > size ? page[^1].OrderId : null));

        void AddIf(string? given, string condition)
        {
            if (given is not null)
            {
                conditions.Add(condition);
            }
        }
    }
}
