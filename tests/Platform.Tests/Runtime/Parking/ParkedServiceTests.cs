using FlowPlatform.Hosting;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Support;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FlowPlatform.Tests.Runtime.Parking;

public sealed class ParkedServiceTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly MemoryEventLog log = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Status_and_health_show_what_is_parked_and_it_is_redriven_though_no_event_comes()
    {
        await using var bank = await BankHost.StartAsync(log, directory.Path, services => ((Totals)services.GetService(typeof(Totals))!).Poison = "bad");
        await bank.PayInAsync("bad", 1);
        await bank.PayInAsync("a", 1);
        await bank.PayInAsync("bad", 2);
        await bank.HasTotalAsync("a", 1, 1);
        await Eventually.ThatAsync("two events wait", async () => (await ParkedAsync(bank)) is { Keys: 1, Events: 2 }, TimeSpan.FromSeconds(60));
        var status = await bank.Monitor.GetStatusAsync(Cancel);
        status.Parked.ShouldBe(1);
        status.Consumers.Where(row => row.Consumer == "totals").ShouldAllBe(row => row.State != "stopped");
        var health = await bank.Monitor.CheckHealthAsync(new HealthCheckContext(), Cancel);
        health.Status.ShouldBe(HealthStatus.Degraded);
        health.Description!.ShouldContain("totals has parked 2 events of 1 keys");
        health.Description!.ShouldNotContain("bad");
        await Eventually.ThatAsync("the reactor has all", async () => await bank.CountAsync("ledger") == 3);

        bank.Totals.Poison = null;
        var asked = await bank.Parking.RequestAsync(ParkingVerb.Redrive, new ParkingTarget("totals"), "ann", "mended", Cancel);
        asked.ShouldHaveSingleItem().Request!.Actor.ShouldBe("ann");
        await bank.HasTotalAsync("bad", 3, 2);
        await Eventually.ThatAsync("nothing is parked", async () => (await bank.Monitor.GetStatusAsync(Cancel)).Parked == 0);
        (await bank.Monitor.CheckHealthAsync(new HealthCheckContext(), Cancel)).Status.ShouldBe(HealthStatus.Healthy);
        await Eventually.ThatAsync("the audit is complete", async () => (await bank.Parking.ReadAuditAsync("totals", null, 10, Cancel)).Count == 2);
        (await bank.Parking.ReadAuditAsync("totals", null, 10, Cancel)).Select(entry => entry.Action).ShouldBe(["redriven", "redrive"]);
    }

    [Fact]
    public async Task What_is_not_there_is_not_asked_for_and_a_discard_needs_no_log()
    {
        await using var bank = await BankHost.StartAsync(log, directory.Path, services => ((Totals)services.GetService(typeof(Totals))!).Poison = "bad");
        await bank.PayInAsync("bad", 1);
        await Eventually.ThatAsync("it is parked", async () => await ParkedAsync(bank) is not null, TimeSpan.FromSeconds(60));
        log.Away = true;
        await Should.ThrowAsync<UnknownConsumerException>(() => bank.Parking.RequestAsync(ParkingVerb.Discard, new ParkingTarget("total"), "ann", null, Cancel));
        (await bank.Parking.RequestAsync(ParkingVerb.Discard, new ParkingTarget("totals") { Key = "good" }, "ann", null, Cancel)).ShouldBeEmpty();
        (await bank.Parking.RequestAsync(ParkingVerb.Discard, new ParkingTarget("totals"), "ann", null, Cancel)).ShouldHaveSingleItem();
        await Eventually.ThatAsync("it is done without the log", async () => (await bank.Parking.ReadKeysAsync(null, null, null, 10, Cancel)).Count == 0);
        (await bank.Parking.ReadAuditAsync(null, null, 10, Cancel)).Select(entry => entry.Action).ShouldBe(["discarded", "discard"]);
    }

    [Fact]
    public async Task What_was_given_up_stays_given_up_when_a_deleted_read_model_is_folded_anew()
    {
        await using (var bank = await BankHost.StartAsync(log, directory.Path, services => ((Totals)services.GetService(typeof(Totals))!).Poison = "bad"))
        {
            await bank.PayInAsync("bad", 1);
            await bank.PayInAsync("a", 1);
            await Eventually.ThatAsync("it is parked", async () => await ParkedAsync(bank) is not null, TimeSpan.FromSeconds(60));
            await bank.Parking.RequestAsync(ParkingVerb.Discard, new ParkingTarget("totals"), "ann", null, Cancel);
            await Eventually.ThatAsync("it is given up", async () => (await bank.Parking.ReadKeysAsync(null, null, null, 10, Cancel)).Count == 0);
        }

        foreach (var file in Directory.GetFiles(directory.Path, "totals*"))
        {
            File.Delete(file);
        }

        await using var again = await BankHost.StartAsync(log, directory.Path);
        await again.PayInAsync("bad", 10);
        await again.HasTotalAsync("a", 1, 1);
        await Eventually.ThatAsync("bad has a total", async () => (await again.ReadTotalsAsync()).ContainsKey("bad"));
        (await again.ReadTotalsAsync())["bad"].ShouldBe((10, 1));
    }

    private static async Task<ParkedStatus?> ParkedAsync(BankHost bank) =>
        (await bank.Monitor.GetStatusAsync(Cancel)).Consumers.FirstOrDefault(row => row is { Consumer: "totals", Parked: not null })?.Parked;
}
