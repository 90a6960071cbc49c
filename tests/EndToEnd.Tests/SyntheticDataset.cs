using Simulator.Shop;

namespace FlowPlatform.EndToEnd.Tests;

/// <summary>A seeded file in the dataset's format, with all of its dirt.</summary>
internal static class SyntheticDataset
{
    public static async Task<string> WriteAsync(string folder, SyntheticFile.Options options)
    {
        var path = Path.Combine(folder, $"synthetic-{options.Seed}.csv.gz");
        await SyntheticFile.WriteAsync(path, options, TestContext.Current.CancellationToken);
        return path;
    }

    /// <summary>A file without returns, say, would prove little.</summary>
    public static void ShouldHaveAllKinds(this Figures figures)
    {
        figures.Orders.ShouldBePositive();
        figures.Returned.ShouldBeNegative();
        figures.InventoryAdjustments.ShouldBePositive();
        figures.Adjusted.ShouldNotBe(0);
        figures.ByDay.Count.ShouldBeGreaterThan(100);
        figures.ByCountry.Count.ShouldBeGreaterThan(5);
    }
}
