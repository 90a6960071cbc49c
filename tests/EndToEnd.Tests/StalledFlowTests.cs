using FlowPlatform.Tests.Support;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.EndToEnd.Tests;

/// <summary>A flow that goes no further.</summary>
public sealed class StalledFlowTests
{
    [Fact]
    public async Task A_stalled_flow_exits_1_and_names_who_is_stuck()
    {
        using var folder = new TemporaryDirectory();
        var file = Path.Combine(folder.Path, "report.json");
        await using var host = await AppHostProcess.StartAsync(
            Path.Combine(folder.Path, "data"), new Dictionary<string, string?> { ["FLOW_SIM_STALL_SECONDS"] = "8" },
            "--orders", "200", "--rate", "20/s", "--until-done", "--report", file);
        await host.FlowsAsync();

        // A lock that somebody left on Shipping's store: nothing can be committed there any more.
        await using var store = new SqliteConnection($"Data Source={Path.Combine(host.Data, "shipping", "main.db")};Pooling=False");
        await store.OpenAsync(TestContext.Current.CancellationToken);
        await using var held = store.BeginTransaction(deferred: false);

        (await host.ExitAsync(TimeSpan.FromMinutes(2))).ShouldBe(1);
        host.Output.ShouldContain("Stalled: nothing has moved for 8 s.");
        host.Output.ShouldContain("shipping: consumer dispatcher on ");
        File.Exists(file).ShouldBeFalse();
    }
}
