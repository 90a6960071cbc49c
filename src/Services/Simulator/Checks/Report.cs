using System.Globalization;
using System.Text.Json;
using Contracts.Http;
using FlowPlatform.Events;

namespace Simulator.Checks;

/// <summary>The report of a run; its shape is a contract. Amounts are exact and signed: returns ≤ 0, net = gross + returns + adjustments.</summary>
internal sealed record Report(
    string Dataset,
    OrderCounts Orders,
    long Returns,
    long Adjustments,
    long InventoryAdjustments,
    RevenueReport Revenue,
    IReadOnlyDictionary<string, StreamReport> Streams,
    IReadOnlyList<ConsumerReport> Consumers,
    IReadOnlyList<Invariant> Invariants,
    double ElapsedSeconds,
    double EventsPerSecond,
    Percentiles EndToEndLatencyMs)
{
    private static readonly JsonSerializerOptions Json = new(FlowJson.Options) { WriteIndented = true };

    /// <summary>Puts it together.</summary>
    public static Report Of(string dataset, Evidence evidence, IReadOnlyList<Invariant> invariants, TimeSpan elapsed)
    {
        var streams = evidence.Statuses.Values.SelectMany(status => status.Streams).GroupBy(row => row.Stream, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => new StreamReport(group.Count(), group.Sum(row => row.LastSequence)), StringComparer.Ordinal);
        var terminal = Watching.QuietWatch.TerminalStates.Sum(evidence.InState);
        var totals = evidence.Days.Totals;
        return new Report(
            dataset,
            new OrderCounts(
                evidence.Orders.Accepted, evidence.InState("shipped"), evidence.InState("rejected"), evidence.InState("declined"), evidence.InState("cancelled"),
                evidence.Orders.Accepted - terminal),
            totals.ReturnCount,
            totals.AdjustmentCount,
            evidence.Stock.AdjustmentLines,
            new RevenueReport(Exact(totals.Gross), Exact(totals.Returns), Exact(totals.Adjustments), Exact(totals.Net), Rows(evidence.Days), Rows(evidence.Countries)),
            streams,
            [.. evidence.Statuses.Values.SelectMany(status => status.Consumers.Select(row =>
                new ConsumerReport(status.Service, row.Consumer, row.Stream, row.Partition, row.Position, row.Lag)))],
            invariants,
            Math.Round(elapsed.TotalSeconds, 3),
            Math.Round(streams.Values.Sum(stream => stream.Events) / Math.Max(0.001, elapsed.TotalSeconds), 1),
            evidence.Orders.LatencyMs);
    }

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Writes it as a whole or not at all.</summary>
    public async Task WriteAsync(string path, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var draft = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            await using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write))
            {
                await file.WriteAsync(System.Text.Encoding.UTF8.GetBytes(ToJson() + "\n"), cancellationToken);
                file.Flush(flushToDisk: true);
            }

            File.Move(draft, path, overwrite: true);
        }
        finally
        {
            File.Delete(draft);
        }
    }

    /// <summary>A short summary to read.</summary>
    public IEnumerable<string> Summarize()
    {
        var (orders, latency) = (Orders, EndToEndLatencyMs);
        yield return "";
        yield return $"  input        {Dataset}";
        yield return Line($"  orders       {orders.Placed:N0} placed, {orders.Shipped:N0} shipped, {orders.Rejected:N0} rejected, {orders.Declined:N0} declined")
            + Line($", {orders.Cancelled:N0} cancelled, {orders.Open:N0} open");
        yield return Line($"  also         {Returns:N0} returns, {Adjustments:N0} ledger adjustments, {InventoryAdjustments:N0} lines of stock adjustments");
        yield return Line($"  revenue      gross {Revenue.Gross} + returns {Revenue.Returns} + adjustments {Revenue.Adjustments} = net {Revenue.Net}");
        yield return Line($"  speed        {Streams.Values.Sum(stream => stream.Events):N0} events in {ElapsedSeconds:N1} s, {EventsPerSecond:N0}/s")
            + Line($"; order to shipped p50 {latency.P50:N0}, p95 {latency.P95:N0}, p99 {latency.P99:N0} ms");
        foreach (var invariant in Invariants)
        {
            yield return $"  {(invariant.Ok ? "ok    " : "FAILED")}       {invariant.Name}: {invariant.Detail}";
        }

        yield return "";
    }

    private static Dictionary<string, RevenueRowReport> Rows(RevenueAnswer answer) => answer.Rows.ToDictionary(
        row => row.Key, row => new RevenueRowReport(row.Orders, row.Units, Exact(row.Gross), Exact(row.Returns), Exact(row.Net)), StringComparer.Ordinal);

    // Without trailing zeros: 12.5000 and 12.5 are one amount, and one text.
    private static decimal Exact(decimal amount) => amount / 1.0000000000000000000000000000m;

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Orders by their end.</summary>
internal sealed record OrderCounts(long Placed, long Shipped, long Rejected, long Declined, long Cancelled, long Open);

/// <summary>Revenue as Insights tells it.</summary>
internal sealed record RevenueReport(
    decimal Gross, decimal Returns, decimal Adjustments, decimal Net, IReadOnlyDictionary<string, RevenueRowReport> ByDay, IReadOnlyDictionary<string, RevenueRowReport> ByCountry);

/// <summary>One day or country; net = gross + returns.</summary>
internal sealed record RevenueRowReport(long Orders, long Units, decimal Gross, decimal Returns, decimal Net);

/// <summary>One stream.</summary>
internal sealed record StreamReport(int Partitions, long Events);

/// <summary>Where a consumer ended; position is the next offset to read.</summary>
internal sealed record ConsumerReport(string Service, string Consumer, string Stream, int Partition, long Position, long? Lag);
