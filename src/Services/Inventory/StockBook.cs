using Contracts;
using FlowPlatform.Storage;
using FlowPlatform.Stores;

namespace Inventory;

/// <summary>What changes for one code.</summary>
internal sealed record StockChange(string Code, long OnHand, long Reserved);

/// <summary>
/// The table <c>stock</c>, which the main store and the read model both have. An order has 27 lines on average and up to 1,100: a table of codes is one JSON parameter and one statement.
/// </summary>
internal static class StockBook
{
    /// <summary>What can be set aside, for those of the codes that are known.</summary>
    public static async Task<Dictionary<string, long>> LoadAvailableAsync(IStoreScope scope, IEnumerable<string> codes)
    {
        var rows = await scope.QueryAsync<AvailableRow>(
            $"SELECT code, on_hand - reserved AS Available FROM stock WHERE code IN {JsonRows.Values(scope.Connection, "codes")}", new { codes = JsonRows.Of(codes) });
        return rows.ToDictionary(row => row.Code, row => row.Available, StringComparer.Ordinal);
    }

    /// <summary>Adds to what is there; a code that is new begins with 0.</summary>
    public static async Task ChangeAsync(IStoreScope scope, IReadOnlyCollection<StockChange> changes)
    {
        if (changes.Count > 0)
        {
            await scope.ExecuteAsync(
                $"""
                INSERT INTO stock (code, on_hand, reserved)
                SELECT code, on_hand, reserved FROM {JsonRows.Table(scope.Connection, "changes", "code text", "on_hand bigint", "reserved bigint")} AS change WHERE true
                ON CONFLICT (code) DO UPDATE SET on_hand = stock.on_hand + excluded.on_hand, reserved = stock.reserved + excluded.reserved
                """,
                new { changes = JsonRows.Of(changes) });
        }
    }

    /// <summary>Stock lines by code, repeated codes combined, services left out; in ordinal order, so that it always comes out the same.</summary>
    public static IReadOnlyList<StockQuantity> Combine(IEnumerable<(string Code, long Quantity)> lines) =>
        [.. lines.Where(line => StockCode.IsStock(line.Code))
            .GroupBy(line => line.Code, StringComparer.Ordinal)
            .Select(group => new StockQuantity(group.Key, group.Sum(line => line.Quantity)))
            .OrderBy(line => line.Code, StringComparer.Ordinal)];

    /// <inheritdoc cref="Combine(IEnumerable{ValueTuple{string, long}})" />
    public static IReadOnlyList<StockQuantity> Combine(IEnumerable<OrderLine> lines) => Combine(lines.Select(line => (line.Code, (long)line.Quantity)));

    private sealed class AvailableRow
    {
        public string Code { get; init; } = "";

        public long Available { get; init; }
    }
}
