using System.Data.Common;
using Dapper;
using FlowPlatform.Storage;
using FlowPlatform.Stores;

namespace Orders;

/// <summary>An order as the API accepted it.</summary>
internal sealed class OrderRow
{
    public string OrderId { get; init; } = "";

    public byte[] BodyHash { get; init; } = [];

    public string? CustomerId { get; init; }

    public string Country { get; init; } = "";

    public decimal Amount { get; init; }

    public DateTimeOffset PlacedAt { get; init; }

    public DateTimeOffset AcceptedAt { get; init; }

    public DateTimeOffset? CancelAcceptedAt { get; init; }

    /// <summary>Of the request to cancel; null if there was none, or if it came before these were kept.</summary>
    public byte[]? CancelHash { get; init; }
}

/// <summary>The command table: what was accepted, in the main store, true from the moment of the answer.</summary>
internal static class OrderTable
{
    private const string Select = """
        SELECT order_id AS OrderId, body_hash AS BodyHash, customer_id AS CustomerId, country AS Country, amount AS Amount,
               placed_at AS PlacedAt, accepted_at AS AcceptedAt, cancel_accepted_at AS CancelAcceptedAt, cancel_hash AS CancelHash
        FROM orders
        """;

    public static Task<OrderRow?> FindAsync(DbConnection db, string id) =>
        db.QuerySingleOrDefaultAsync<OrderRow>($"{Select} WHERE order_id = @id", new { id });

    public static async Task<Dictionary<string, OrderRow>> FindAllAsync(DbConnection db, IEnumerable<string> ids)
    {
        var rows = await db.QueryAsync<OrderRow>($"{Select} WHERE order_id IN {JsonRows.Values(db, "ids")}", new { ids = JsonRows.Of(ids) });
        return rows.ToDictionary(row => row.OrderId, StringComparer.Ordinal);
    }

    /// <summary>One prepared statement for all rows.</summary>
    public static Task InsertAsync(IStoreScope scope, IReadOnlyList<OrderRow> rows) =>
        rows.Count == 0
            ? Task.CompletedTask
            : scope.ExecuteAsync(
                """
                INSERT INTO orders (order_id, body_hash, customer_id, country, amount, placed_at, accepted_at)
                VALUES (@OrderId, @BodyHash, @CustomerId, @Country, @Amount, @PlacedAt, @AcceptedAt)
                """,
                rows);
}
