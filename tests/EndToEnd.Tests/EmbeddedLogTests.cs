using FlowPlatform.Tests.Support;

namespace FlowPlatform.EndToEnd.Tests;

/// <summary>A machine where no broker can be had.</summary>
public sealed class EmbeddedLogTests
{
    private const int Misuse = 2;

    [Fact]
    public async Task Where_no_broker_can_be_had_the_embedded_log_runs_says_so_and_stays()
    {
        using var folder = new TemporaryDirectory();
        var data = Path.Combine(folder.Path, "data");
        // No command is found: neither an installed broker nor packages nor a container engine.
        var bare = new Dictionary<string, string?> { ["PATH"] = folder.Path, ["XDG_CACHE_HOME"] = folder.Path };
        var file = Path.Combine(folder.Path, "report.json");
        await using (var host = await AppHostProcess.StartAsync(data, bare, "--orders", "50", "--until-done", "--report", file))
        {
            (await host.ExitAsync(TimeSpan.FromMinutes(3))).ShouldBe(0);
            host.Output.ShouldContain("Using the embedded log instead");
            host.Output.ShouldContain("For RabbitMQ, install rabbitmq-server");
        }

        RunReport.Read(file).ShouldBeWhole();
        Directory.GetFiles(Path.Combine(data, "log"), "*.stream.db").Select(Path.GetFileName).ShouldBe(
            ["orders.stream.db", "inventory.stream.db", "payments.stream.db", "shipments.stream.db"], ignoreOrder: true);

        await using var other = await AppHostProcess.StartAsync(data, "--broker", "install");
        (await other.ExitAsync(TimeSpan.FromMinutes(1))).ShouldBe(Misuse);
        other.Output.ShouldContain("is embedded. Choose --broker embedded");
    }
}
