using Dapper;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Tests.Support;
using FlowPlatform.Dashboard.Traces;

namespace FlowPlatform.Dashboard.Tests.Traces;

/// <summary>The sums that the map is drawn from are kept as spans come in; here they are compared with adding up the spans.</summary>
public sealed class MapSumTests : IDisposable
{
    private const int Traces = 900;
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(50);
    private readonly TemporaryDirectory directory = new();
    private readonly TelemetryReader reader = new(TimeProvider.System);
    private readonly TelemetryRun run;
    private readonly int seed = Random.Shared.Next();
    private readonly Random random;
    private SignalConnection connection;
    private TraceTables tables;

    public MapSumTests()
    {
        random = new Random(seed);
        run = TelemetryRun.New(directory.Path, Start, "sums");
        Directory.CreateDirectory(run.Directory);
        (connection, tables) = Open();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_map_is_the_sum_of_the_spans_that_are_kept_whatever_the_order_repetitions_rollbacks_restarts_and_trims()
    {
        TestContext.Current.AddAttachment("seed", $"{seed}");
        var sent = RandomSpans.Make(random, Start, Traces);
        Send(sent);
        await CompareAsync(sent, "when all have come");

        for (var step = 1; Trim(); step++)
        {
            await CompareAsync(sent, $"after {step} steps of trimming");
            Restart();
        }

        using var file = run[Signal.Traces].OpenReader();
        (file.ExecuteScalar<long>("SELECT count(*) FROM edge"), file.ExecuteScalar<long>("SELECT count(*) FROM edge_sum")).ShouldBe((0, 0), "Where nothing is kept there is no sum, either.");
    }

    /// <summary>In any order and any parts, some of them twice, some with a transaction that fails at first, and with another process now and then.</summary>
    private void Send(IReadOnlyList<SpanRow> spans)
    {
        var order = spans.ToArray();
        random.Shuffle(order);
        for (var next = 0; next < order.Length;)
        {
            var part = order[next..Math.Min(order.Length, next + random.Next(1, 200))];
            next += part.Length;
            if (random.Next(10) == 0)
            {
                Should.Throw<IOException>(() => connection.InTransaction(() =>
                {
                    Write(part);
                    throw new IOException("The disk is full.");
                }));
                tables.Reset();
            }

            for (var times = random.Next(10) == 0 ? 2 : 1; times > 0; times--)
            {
                connection.InTransaction(() => Write(part));
            }

            if (random.Next(10) == 0)
            {
                Restart();
            }
        }
    }

    private void Write(SpanRow[] part)
    {
        tables.Write(new TraceExport(part, 1), UnixNanos.From(Start), static (_, _) => { });
        tables.Complete();
    }

    private bool Trim()
    {
        var trimmed = false;
        connection.InTransaction(() => trimmed = tables.TrimOldest(long.MaxValue));
        return trimmed;
    }

    private async Task CompareAsync(IReadOnlyList<SpanRow> sent, string when)
    {
        await CompareAsync(sent, Start.AddDays(-1), Start.AddDays(1), when);
        await CompareAsync(sent, Start.AddMinutes(7.5), Start.AddMinutes(44), when);
        await CompareAsync(sent, Start.AddMinutes(31), Start.AddMinutes(185), when);
    }

    private async Task CompareAsync(IReadOnlyList<SpanRow> sent, DateTimeOffset from, DateTimeOffset to, string when)
    {
        var map = await new ServiceMapReader(reader).ReadAsync(run, from, to, Cancel);
        using var file = run[Signal.Traces].OpenReader();
        var kept = file.Query<byte[]>("SELECT trace_id FROM trace").Select(static bytes => TraceId.TryRead(bytes, out var id) ? id : default).ToHashSet();
        var (services, edges) = AddedUp.Of(sent, kept, map.From, to);
        var because = $"{when}, from {from:u} to {to:u}, seed {seed}";

        var seconds = (to - map.From).TotalSeconds;
        map.Services.Select(service => (service.Name, Math.Round(service.SpansPerSecond * seconds), Math.Round(service.SpansPerSecond * seconds * service.ErrorShare)))
            .ShouldBe(services.Select(static service => (service.Name, (double)service.Spans, (double)service.Errors)), ignoreOrder: true, because);
        map.Edges.Select(static edge => (new EdgeKey(edge.From, edge.To, edge.Kind, edge.Via, edge.IsReplay), edge.Count, Math.Round(edge.ErrorShare * edge.Count)))
            .ShouldBe(edges.Select(static edge => (edge.Key, (long)edge.Value.Count, (double)edge.Value.Count(static one => one.Failed))), ignoreOrder: true, because);
        foreach (var edge in map.Edges)
        {
            var nanos = edges[new EdgeKey(edge.From, edge.To, edge.Kind, edge.Via, edge.IsReplay)].Select(static one => one.Nanos).Order().ToList();
            Near(edge.P50, nanos[((nanos.Count + 1) / 2) - 1], because);
            Near(edge.P99, nanos[(int)Math.Ceiling(nanos.Count * 0.99) - 1], because);
        }
    }

    private static void Near(TimeSpan found, long nanos, string because) => found.TotalNanoseconds.ShouldBe(nanos, (nanos * 0.032) + 100, because);

    private (SignalConnection, TraceTables) Open()
    {
        var opened = new SignalConnection(run[Signal.Traces]);
        return (opened, new TraceTables(opened, maxSpansPerTrace: 100));
    }

    private void Restart()
    {
        connection.Dispose();
        (connection, tables) = Open();
    }

    public void Dispose()
    {
        connection.Dispose();
        reader.Dispose();
        run.Release();
        directory.Dispose();
    }
}
