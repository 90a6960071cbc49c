using FlowPlatform.Stores;

namespace FlowPlatform.Testing.Conforming;

/// <summary>Rows that two stores of one projection don't have in common, for people.</summary>
internal static class RowDiff
{
    private const int RowsShown = 5;

    /// <summary>A few rows of each table that differs: those that are missing with -, those that should not be there with +.</summary>
    public static async Task<IReadOnlyList<string>> OfAsync(IStore expected, IStore found)
    {
        List<string> lines = [];
        foreach (var table in await Tables.NamesAsync(expected))
        {
            var (missing, wrong) = Compare(await Tables.DumpAsync(expected, table), await Tables.DumpAsync(found, table));
            if (missing.Count + wrong.Count > 0)
            {
                lines.Add($"Table {table}: {missing.Count} rows are not as they must be (-), {wrong.Count} are instead (+):");
                lines.AddRange(missing.Take(RowsShown).Select(row => $"  - {row}"));
                lines.AddRange(wrong.Take(RowsShown).Select(row => $"  + {row}"));
            }
        }

        return lines;
    }

    /// <summary>A table may have a row twice.</summary>
    private static (List<string> Missing, List<string> Wrong) Compare(IReadOnlyList<string> expected, IReadOnlyList<string> found)
    {
        var counts = found.GroupBy(row => row, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        List<string> missing = [];
        foreach (var row in expected)
        {
            var left = counts.GetValueOrDefault(row);
            counts[row] = left - 1;
            if (left <= 0)
            {
                missing.Add(row);
            }
        }

        return (missing, [.. counts.Where(count => count.Value > 0).SelectMany(count => Enumerable.Repeat(count.Key, count.Value))]);
    }
}
