using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlowPlatform.Benchmarks.Measuring;

/// <summary>Writes results for people and for programs.</summary>
internal static class ResultTables
{
    /// <summary>More figures than this stand below each other, each variant in a column.</summary>
    private const int MaxColumns = 12;

    /// <summary>A table in Markdown: median (least–most) of the rounds, and the median of the ratios to the first row, round by round.</summary>
    public static string ToMarkdown(Result result) => result.Rows[0].Figures.Count > MaxColumns ? VariantsAcross(result) : FiguresAcross(result);

    private static string VariantsAcross(Result result)
    {
        var text = new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"### {result.Name}").AppendLine().AppendLine(result.Summary).AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"| | {string.Join(" | ", result.Rows.Select(static row => row.Variant))} |");
        text.AppendLine(CultureInfo.InvariantCulture, $"|---|{string.Concat(result.Rows.Select(static _ => "---|"))}");
        for (var index = 0; index < result.Rows[0].Figures.Count; index++)
        {
            var figure = result.Rows[0].Figures[index];
            text.AppendLine(CultureInfo.InvariantCulture, $"| {figure.Name}, {figure.Unit} | {string.Join(" | ", result.Rows.Select(row => Show(row.Figures[index].Spread)))} |");
        }

        return text.ToString();
    }

    private static string FiguresAcross(Result result)
    {
        var text = new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"### {result.Name}").AppendLine().AppendLine(result.Summary).AppendLine();
        var reference = result.Rows[0];
        text.Append("| |");
        foreach (var figure in reference.Figures)
        {
            text.Append(CultureInfo.InvariantCulture, $" {figure.Name}, {figure.Unit} | × |");
        }

        text.AppendLine().Append("|---|").AppendLine(string.Concat(reference.Figures.Select(_ => "---|---|")));
        foreach (var row in result.Rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {row.Variant} |");
            for (var index = 0; index < row.Figures.Count; index++)
            {
                var figure = row.Figures[index];
                var ratio = row == reference ? "1" : figure.Over(reference.Figures[index]) is { } over ? Show(over) : "";
                text.Append(CultureInfo.InvariantCulture, $" {Show(figure.Spread)} | {ratio} |");
            }

            text.AppendLine();
        }

        return text.ToString();
    }

    public static async Task WriteJsonAsync(string path, Machine machine, IReadOnlyList<Result> results)
    {
        var json = new JsonObject
        {
            ["version"] = 1,
            ["machine"] = JsonSerializer.SerializeToNode(machine, JsonSerializerOptions.Web),
            ["scenarios"] = new JsonArray([.. results.Select(ToJson)]),
        };
        await File.WriteAllTextAsync(path, json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    private static JsonNode ToJson(Result result) => new JsonObject
    {
        ["name"] = result.Name,
        ["summary"] = result.Summary,
        ["variants"] = new JsonArray([.. result.Rows.Select(row => (JsonNode)new JsonObject
        {
            ["name"] = row.Variant,
            ["figures"] = new JsonArray([.. row.Figures.Select((figure, index) => (JsonNode)new JsonObject
            {
                ["name"] = figure.Name,
                ["unit"] = figure.Unit,
                ["rounds"] = new JsonArray([.. figure.Rounds.Select(value => (JsonNode)value)]),
                ["value"] = ToJson(figure.Spread),
                ["ratio"] = figure.Over(result.Rows[0].Figures[index]) is { } ratio ? ToJson(ratio) : null,
            })]),
        })]),
    };

    private static JsonNode ToJson(Spread spread) => JsonSerializer.SerializeToNode(spread, JsonSerializerOptions.Web)!;

    private static string Show(Spread spread) => $"{Show(spread.Median)} ({Show(spread.Min)}–{Show(spread.Max)})";

    /// <summary>Three digits that matter; more would be noise.</summary>
    private static string Show(double value)
    {
        if (value == 0)
        {
            return "0";
        }

        var scale = Math.Pow(10, Math.Floor(Math.Log10(Math.Abs(value))) - 2);
        return (Math.Round(value / scale) * scale).ToString(Math.Abs(value) < 1_000 ? "0.#####" : "#,0", CultureInfo.InvariantCulture);
    }
}
