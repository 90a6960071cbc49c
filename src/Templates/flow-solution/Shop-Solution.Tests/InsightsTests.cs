using System.Globalization;
using System.Net.Http.Json;
using Contracts;
using FlowPlatform.Testing;
using Insights;

namespace ShopNamespace.Tests;

public sealed class InsightsTests
{
    [Fact]
    public async Task Orders_become_sales()
    {
        await using var flow = await FlowTest.StartAsync(InsightsApp.Build);
        await flow.GivenAsync(new OrderPlaced("1", "Germany", 3));
        await flow.GivenAsync(new OrderPlaced("2", "Germany", 2));
        await flow.GivenAsync(new OrderPlaced("3", "France", 1));
        await flow.SettledAsync();

        var sales = await flow.Client.GetFromJsonAsync<List<CountrySale>>("/sales", TestContext.Current.CancellationToken);

        sales.ShouldBe([new CountrySale("Germany", 2, 5), new CountrySale("France", 1, 1)]);
    }

    /// <summary>Live, a rebuild and a replica see partitions interleaved in different ways, and must come to the same rows.</summary>
    [Fact]
    public async Task How_partitions_are_interleaved_does_not_matter()
    {
        var history = new EventHistory();
        for (var number = 0; number < 100; number++)
        {
            history.Add(new OrderPlaced(number.ToString(CultureInfo.InvariantCulture), $"Country {number % 7}", number), DateTimeOffset.UnixEpoch.AddHours(number));
        }

        await Projections.AreCommutativeAsync(new CountrySales(), history);
    }
}
