namespace FlowPlatform.EndToEnd.Tests.Claims;

/// <summary>Readings, seeded, and what they add up to, folded by the tests alone: none of the product's code takes part.</summary>
internal static class Readings
{
    private const int Meters = 97;
    private const int Districts = 7;

    /// <summary>The same numbers give the same readings.</summary>
    public static IReadOnlyList<MeterRead> Of(int seed, int count)
    {
#pragma warning disable CA5394 // Test data.
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(Meters)).Select(meter => new MeterRead($"meter-{meter}", $"district-{meter % Districts}", random.Next(1, 5_000)))];
#pragma warning restore CA5394
    }

    /// <summary>What <see cref="LatestReading"/> makes of them, as <see cref="Tables.DumpAsync"/> shows it.</summary>
    public static IReadOnlyList<string> Latest(IEnumerable<MeterRead> readings) => Rows(readings.GroupBy(read => read.Meter)
        .Select(meter => $"meter={meter.Key}|watt_hours={meter.Last().WattHours}|readings={meter.Count()}"));

    /// <summary>What <see cref="DistrictLoad"/> makes of them.</summary>
    public static IReadOnlyList<string> Load(IEnumerable<MeterRead> readings) => Rows(readings.GroupBy(read => read.District)
        .Select(district => $"district={district.Key}|watt_hours={district.Sum(read => read.WattHours)}|readings={district.Count()}"));

    private static List<string> Rows(IEnumerable<string> rows) => [.. rows.Order(StringComparer.Ordinal)];
}
