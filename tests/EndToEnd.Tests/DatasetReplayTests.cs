using FlowPlatform.Tests.Support;
using Simulator.Shop;

namespace FlowPlatform.EndToEnd.Tests;

/// <summary>A dataset goes through all services; what Insights tells at the end is what the file adds up to.</summary>
public sealed class DatasetReplayTests
{
    [Theory]
    [InlineData("auto")]
    [InlineData("embedded")]
    public async Task A_synthetic_dataset_replays_to_the_figures_computed_independently(string broker)
    {
        using var folder = new TemporaryDirectory();
        // Dates and customers in both of their forms, Windows line ends and a byte order mark.
        var dataset = await SyntheticDataset.WriteAsync(folder.Path, new SyntheticFile.Options
        {
            Seed = 42, Orders = 500, Dates = SyntheticFile.Form.Mixed, Customers = SyntheticFile.Form.Mixed, LineEnd = "\r\n", ByteOrderMark = true,
        });
        var figures = Figures.Of(dataset);
        figures.ShouldHaveAllKinds();

        var report = await ReplayAsync(folder.Path, dataset, TimeSpan.FromMinutes(3), broker);
        report.ShouldBeWhole();
        report.ShouldHave(figures);
        report.Dataset.ShouldBe(Path.GetFileName(dataset));
    }

    [RealDatasetFact]
    public async Task The_real_year_replays_to_the_published_totals()
    {
        using var folder = new TemporaryDirectory();
        var dataset = RealDatasetFactAttribute.Dataset!;
        var figures = Figures.Of(dataset);
        (figures.Lines, figures.Net).ShouldBe((541_909, 9_747_747.934m));

        var report = await ReplayAsync(folder.Path, dataset, TimeSpan.FromMinutes(8));
        report.ShouldBeWhole();
        report.Orders.ShouldBe(new RunReport.OrderCounts(19_959, 19_959, 0, 0, 0, 0));
        (report.Returns, report.Adjustments, report.InventoryAdjustments).ShouldBe((3_836, 3, 2_515));
        (report.Revenue.Gross, report.Revenue.Returns, report.Revenue.Adjustments, report.Revenue.Net).ShouldBe(("10655622.484", "-896812.49", "-11062.06", "9747747.934"));
        report.ShouldHave(figures);
    }

    private static async Task<RunReport> ReplayAsync(string folder, string dataset, TimeSpan limit, string broker = "auto")
    {
        var file = Path.Combine(folder, "out", "report.json");
        await using var host = await AppHostProcess.StartAsync(Path.Combine(folder, "data"), "--dataset", dataset, "--speed", "max", "--until-done", "--report", file, "--broker", broker);
        (await host.ExitAsync(limit)).ShouldBe(0);
        host.NoServiceShouldHaveFailed();
        return RunReport.Read(file);
    }
}
