using System.Text.Json;

namespace FlowPlatform.EndToEnd.Tests;

/// <summary>The report of a run, read as anybody would who knows its published shape: amounts stay the texts that they are.</summary>
internal sealed record RunReport(
    string Dataset, RunReport.OrderCounts Orders, long Returns, long Adjustments, long InventoryAdjustments, RunReport.RevenueFigures Revenue,
    Dictionary<string, RunReport.Stream> Streams, RunReport.Consumer[] Consumers, RunReport.Invariant[] Invariants, double ElapsedSeconds, double EventsPerSecond,
    RunReport.Percentiles EndToEndLatencyMs)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
    };

    public static RunReport Read(string path) => JsonSerializer.Deserialize<RunReport>(File.ReadAllText(path), Json)!;

    /// <summary>What holds at the end of every run: checks passed, everything was read, nothing is open.</summary>
    public void ShouldBeWhole()
    {
        Invariants.Where(invariant => !invariant.Ok).ShouldBeEmpty();
        Invariants.Length.ShouldBeGreaterThanOrEqualTo(6);
        Orders.Open.ShouldBe(0);
        (Orders.Shipped + Orders.Rejected + Orders.Declined + Orders.Cancelled).ShouldBe(Orders.Placed);
        Streams.Keys.ShouldBe(["inventory", "orders", "payments", "shipments"], ignoreOrder: true);
        Streams.Values.ShouldAllBe(stream => stream.Partitions == 3);
        Streams["orders"].Events.ShouldBeGreaterThanOrEqualTo(Orders.Placed);
        Streams["shipments"].Events.ShouldBeGreaterThanOrEqualTo(Orders.Shipped);
        Consumers.Select(consumer => consumer.Service).Distinct().ShouldBe(["orders", "inventory", "payments", "shipping", "insights"], ignoreOrder: true);
        Consumers.ShouldAllBe(consumer => consumer.Lag == 0);
        EndToEndLatencyMs.P50.ShouldBeGreaterThan(0);
        EndToEndLatencyMs.P95.ShouldBeInRange(EndToEndLatencyMs.P50, EndToEndLatencyMs.P99);
        ElapsedSeconds.ShouldBeGreaterThan(0);
        EventsPerSecond.ShouldBeGreaterThan(0);
    }

    /// <summary>Every figure to the last digit; every order of a dataset ends shipped.</summary>
    public void ShouldHave(Figures figures)
    {
        Orders.ShouldBe(new OrderCounts(figures.Orders, figures.Orders, 0, 0, 0, 0));
        (Returns, Adjustments, InventoryAdjustments).ShouldBe((figures.Returns, figures.Adjustments, figures.InventoryAdjustments));
        (Revenue.Gross, Revenue.Returns, Revenue.Adjustments, Revenue.Net)
            .ShouldBe((Figures.Text(figures.Gross), Figures.Text(figures.Returned), Figures.Text(figures.Adjusted), Figures.Text(figures.Net)));
        ShouldBeSame(Revenue.ByDay, figures.ByDay);
        ShouldBeSame(Revenue.ByCountry, figures.ByCountry);
    }

    private static void ShouldBeSame(IReadOnlyDictionary<string, FigureRow> found, IReadOnlyDictionary<string, FigureRow> expected)
    {
        found.Keys.ShouldBe(expected.Keys, ignoreOrder: true);
        found.Where(pair => pair.Value != expected[pair.Key]).Select(pair => $"{pair.Key}: {pair.Value} instead of {expected[pair.Key]}").ShouldBeEmpty();
    }

    internal sealed record OrderCounts(long Placed, long Shipped, long Rejected, long Declined, long Cancelled, long Open);

    internal sealed record RevenueFigures(string Gross, string Returns, string Adjustments, string Net, Dictionary<string, FigureRow> ByDay, Dictionary<string, FigureRow> ByCountry);

    internal sealed record Stream(int Partitions, long Events);

    internal sealed record Consumer(string Service, [property: System.Text.Json.Serialization.JsonPropertyName("consumer")] string Name, string Stream, int Partition, long Position, long Lag);

    internal sealed record Invariant(string Name, bool Ok, string Detail);

    internal sealed record Percentiles(double P50, double P95, double P99);
}
