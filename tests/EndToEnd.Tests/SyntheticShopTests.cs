using FlowPlatform.Tests.Support;

namespace FlowPlatform.EndToEnd.Tests;

/// <summary>The synthetic shop, where orders end in every way.</summary>
public sealed class SyntheticShopTests
{
    [Fact]
    public async Task The_synthetic_shop_ends_every_path()
    {
        using var folder = new TemporaryDirectory();
        var file = Path.Combine(folder.Path, "report.json");
        await using var host = await AppHostProcess.StartAsync(
            Path.Combine(folder.Path, "data"), "--orders", "500", "--seed", "7", "--rate", "100/s", "--until-done", "--report", file);
        (await host.ExitAsync(TimeSpan.FromMinutes(3))).ShouldBe(0);

        var report = RunReport.Read(file);
        report.ShouldBeWhole();
        report.Orders.Placed.ShouldBe(500);
        report.Orders.Shipped.ShouldBeGreaterThan(250);
        report.Orders.Rejected.ShouldBePositive();
        report.Orders.Declined.ShouldBePositive();
        report.Orders.Cancelled.ShouldBePositive();
        report.Returns.ShouldBePositive();
        report.InventoryAdjustments.ShouldBePositive();
    }
}
