using FlowPlatform.Tests.Support;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Tests.Runtime;

public sealed class BusyStoreTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly MemoryEventLog log = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_locked_store_is_waited_for_and_named_and_is_nobodys_poison()
    {
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        await bank.PayInAsync("a", 1);
        await bank.HasTotalAsync("a", 1, 1);
        await using (var other = new SqliteConnection($"Data Source={Path.Combine(directory.Path, "totals.g1.db")};Pooling=False"))
        {
            await other.OpenAsync(TestContext.Current.CancellationToken);
            await using var held = other.BeginTransaction(deferred: false);
            await bank.PayInAsync("a", 1);
            await Eventually.ThatAsync("totals says why it waits", async () =>
                (await bank.Monitor.GetStatusAsync(TestContext.Current.CancellationToken)).Consumers.Any(
                    row => row is { Consumer: "totals", State: "unavailable" } && row.Error!.Contains("database is locked", StringComparison.Ordinal)));
            (await bank.ReadTotalsAsync())["a"].Events.ShouldBe(1);
        }

        await bank.HasTotalAsync("a", 2, 2);
    }
}
