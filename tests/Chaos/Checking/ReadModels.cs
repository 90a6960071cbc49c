using System.Globalization;

namespace FlowPlatform.Chaos.Checking;

/// <summary>The rows of the read models by key, each as one text, so that rows from different stores compare.</summary>
internal sealed record ReadModels(
    IReadOnlyDictionary<string, string> OrderStatus, IReadOnlyDictionary<string, string> StockLevels, IReadOnlyDictionary<string, string> Revenue, IReadOnlyDictionary<string, string> Adjustments)
{
    private const int ShownMax = 5;

    public int Rows => OrderStatus.Count + StockLevels.Count + Revenue.Count + Adjustments.Count;

    /// <summary>A row's values, in an order that both sides keep to.</summary>
    public static string Row(params object?[] values) => string.Join(" | ", values.Select(value => value switch
    {
        null => "null",
        DateTimeOffset time => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff", CultureInfo.InvariantCulture),
        decimal amount => amount.ToString("0.############", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    }));

    public static Dictionary<string, string> Table<T>(IEnumerable<KeyValuePair<string, T>> rows, Func<T, string> text) => rows.ToDictionary(row => row.Key, row => text(row.Value), StringComparer.Ordinal);

    /// <summary>How these rows differ from those that the log says, table by table.</summary>
    public IEnumerable<string> DifferencesFrom(ReadModels expected) =>
        Compare("order-status", OrderStatus, expected.OrderStatus)
            .Concat(Compare("stock-levels", StockLevels, expected.StockLevels))
            .Concat(Compare("revenue", Revenue, expected.Revenue))
            .Concat(Compare("revenue's adjustments", Adjustments, expected.Adjustments));

    private static IEnumerable<string> Compare(string name, IReadOnlyDictionary<string, string> found, IReadOnlyDictionary<string, string> expected)
    {
        var wrong = expected.Keys.Union(found.Keys, StringComparer.Ordinal).Where(key => found.GetValueOrDefault(key) != expected.GetValueOrDefault(key)).Order(StringComparer.Ordinal).ToList();
        var shown = wrong.Take(ShownMax).Select(key => $"{name} {key}: the store has {found.GetValueOrDefault(key, "no row")}, the log says {expected.GetValueOrDefault(key, "no row")}");
        return wrong.Count > ShownMax ? shown.Append($"{name}: {wrong.Count} rows differ in all") : shown;
    }
}
