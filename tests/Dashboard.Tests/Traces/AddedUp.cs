using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Traces;

namespace FlowPlatform.Dashboard.Tests.Traces;

/// <summary>Who talks to whom by looking at all spans, the plain way.</summary>
internal static class AddedUp
{
    private const long NanosPerMinute = 60_000_000_000;

    public static (IReadOnlyList<(string Name, int Spans, int Errors)> Services, Dictionary<EdgeKey, List<(long Nanos, bool Failed)>> Edges) Of(
        IReadOnlyList<SpanRow> sent, IReadOnlySet<TraceId> kept, DateTimeOffset from, DateTimeOffset to)
    {
        var all = sent.ToDictionary(static row => (row.TraceId, row.SpanId));
        var answered = sent.Where(static row => row is { Kind: SpanKind.Server, ParentId: not null }).Select(static row => (row.TraceId, row.ParentId!.Value)).ToHashSet();
        var taken = sent.Where(static row => row is { Kind: SpanKind.Consumer, ParentId: not null }).Select(static row => (row.TraceId, row.ParentId!.Value, row.Resource.Service)).ToHashSet();
        var shown = sent.Where(row => kept.Contains(row.TraceId) && row.Start / NanosPerMinute * NanosPerMinute >= UnixNanos.From(from) && row.Start < UnixNanos.From(to)).ToList();
        var edges = new Dictionary<EdgeKey, List<(long, bool)>>();
        foreach (var row in shown)
        {
            if (row is { Kind: SpanKind.Server or SpanKind.Consumer, ParentId: { } id } && all.TryGetValue((row.TraceId, id), out var parent))
            {
                if (row.Kind == SpanKind.Consumer)
                {
                    Add(new EdgeKey(parent.Resource.Service, row.Resource.Service, EdgeKind.Message, row.Destination, row.IsReplay), Since(row, parent), row);
                }
                else if (parent.Resource.Service != row.Resource.Service)
                {
                    Add(new EdgeKey(parent.Resource.Service, row.Resource.Service, EdgeKind.Call, null, row.IsReplay), Since(row, parent), row);
                }
            }
            else if (row is { Kind: SpanKind.Client, Peer: { } peer } && !answered.Contains((row.TraceId, row.SpanId)))
            {
                var (name, database) = Peers.Parse(peer);
                Add(new EdgeKey(row.Resource.Service, name, database ? EdgeKind.Database : EdgeKind.External, null, row.IsReplay), row.Duration, row);
            }

            foreach (var target in row.Kind == SpanKind.Consumer ? row.LinkTargets.Distinct() : [])
            {
                if (all.TryGetValue(target, out var sender) && sender.Kind == SpanKind.Producer && (row.IsReplay || !taken.Contains((target.TraceId, target.SpanId, row.Resource.Service))))
                {
                    Add(new EdgeKey(sender.Resource.Service, row.Resource.Service, EdgeKind.Message, row.Destination ?? sender.Destination, row.IsReplay), Since(row, sender), row);
                }
            }
        }

        return ([.. shown.GroupBy(static row => row.Resource.Service).Select(static of => (of.Key, of.Count(), of.Count(static row => row.Status == SpanStatus.Error)))], edges);

        void Add(EdgeKey key, long nanos, SpanRow row) => (edges.TryGetValue(key, out var of) ? of : edges[key] = []).Add((Math.Max(0, nanos), row.Status == SpanStatus.Error));
    }

    private static long Since(SpanRow row, SpanRow earlier) => row.Start + row.Duration - earlier.Start;
}

/// <summary>Spans of all kinds, with parents and links that are there, elsewhere or nowhere.</summary>
internal static class RandomSpans
{
    private static readonly string[] Services = ["orders", "inventory", "payments", "shipping"];
    private static readonly string?[] Peers = [null, "db sqlite main.db", "at cards.example:443"];
    private static readonly string?[] Destinations = [null, "orders", "payments"];

    public static IReadOnlyList<SpanRow> Make(Random random, DateTimeOffset start, int traces)
    {
        var rows = new List<SpanRow>();
        for (var trace = 1; trace <= traces; trace++)
        {
            var begin = UnixNanos.From(start.AddSeconds(random.Next(4 * 3_600)));
            var count = random.Next(1, 12);
            for (var id = 1; id <= count; id++)
            {
                rows.Add(Span(random, trace, id, begin, traces));
            }
        }

        return rows;
    }

    private static SpanRow Span(Random random, int trace, int id, long begin, int traces)
    {
        var kind = (SpanKind)random.Next(1, 6);
        return new SpanRow
        {
            TraceId = new TraceId(1, (ulong)trace),
            SpanId = new SpanId((ulong)id),
            // Some name a parent that never comes.
            ParentId = id == 1 || random.Next(8) == 0 ? null : new SpanId((ulong)random.Next(1, random.Next(10) == 0 ? 50 : id)),
            Resource = new Resource(One(Services, random)!, "1", "{}"),
            Scope = new Scope("tests", ""),
            Name = "work",
            Kind = kind,
            Start = begin + (random.Next(0, 90) * 1_000_000_000L) + random.Next(1_000_000),
            Duration = (long)Math.Pow(10, 3 + (random.NextDouble() * 7)),
            Status = random.Next(10) == 0 ? SpanStatus.Error : SpanStatus.Unset,
            IsReplay = random.Next(8) == 0,
            Peer = kind == SpanKind.Client ? One(Peers, random) : null,
            Destination = kind is SpanKind.Consumer or SpanKind.Producer ? One(Destinations, random) : null,
            Attributes = "{}",
            LinkTargets = [.. Enumerable.Range(0, kind == SpanKind.Consumer ? random.Next(4) : 0).Select(_ => (new TraceId(1, (ulong)random.Next(1, traces + 50)), new SpanId((ulong)random.Next(1, 12))))],
        };
    }

    private static T One<T>(T[] from, Random random) => from[random.Next(from.Length)];
}
