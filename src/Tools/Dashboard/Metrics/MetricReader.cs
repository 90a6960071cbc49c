using Dapper;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Traces;
using FlowPlatform.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Dashboard.Metrics;

/// <summary>Answers what is asked of metrics. Safe for concurrent use.</summary>
internal sealed class MetricReader(TelemetryReader reader)
{
    private const int MaxInstruments = 2_000;
    private const int MaxValues = 100;
    private const int MaxSteps = 500;
    private const int MaxLines = 50;
    private const int MaxExemplars = 500;

    /// <summary>Series that are read for one answer.</summary>
    private const int MaxSeries = 500;

    /// <summary>How long before the first step a point may be to say what is not new.</summary>
    private const long LookBackNanos = 300_000_000_000;

    /// <summary>All instruments, by meter and name.</summary>
    /// <exception cref="TelemetryQueryException">It took too long, or the run is gone.</exception>
    public Task<IReadOnlyList<InstrumentInfo>> InstrumentsAsync(TelemetryRun run, CancellationToken cancellationToken) =>
        reader.ReadAsync<IReadOnlyList<InstrumentInfo>>(
            run,
            Signal.Metrics,
            static connection =>
            {
                var services = connection.Query<(long Instrument, string Service)>("SELECT DISTINCT s.instrument, r.service FROM series s JOIN resource r ON r.id = s.resource ORDER BY r.service")
                    .ToLookup(static row => row.Instrument, static row => row.Service);
                return
                [
                    .. connection.Query<InstrumentRow>($"{InstrumentSql} ORDER BY meter, name, id LIMIT @limit", new { limit = MaxInstruments })
                        .Select(row => new InstrumentInfo(row.Id, row.ToInstrument(), row.Description, [.. services[row.Id]], (int)row.Series)),
                ];
            },
            cancellationToken);

    /// <summary>What the series of an instrument differ in.</summary>
    /// <exception cref="TelemetryQueryException">It took too long, or the run is gone.</exception>
    public Task<IReadOnlyList<MetricDimension>> DimensionsAsync(TelemetryRun run, long instrument, CancellationToken cancellationToken) =>
        reader.ReadAsync<IReadOnlyList<MetricDimension>>(
            run,
            Signal.Metrics,
            connection =>
            {
                var values = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
                foreach (var label in Series(connection, instrument).SelectMany(static series => series.Labels))
                {
                    if (!values.TryGetValue(label.Name, out var of))
                    {
                        values[label.Name] = of = new SortedSet<string>(StringComparer.Ordinal);
                    }

                    _ = of.Count <= MaxValues && of.Add(label.Value);
                }

                return [.. values.Select(static pair => new MetricDimension(pair.Key, [.. pair.Value.Take(MaxValues)], pair.Value.Count > MaxValues))];
            },
            cancellationToken);

    /// <summary>Lines to draw.</summary>
    /// <exception cref="TelemetryQueryException">It took too long, or the run is gone.</exception>
    public Task<MetricAnswer> QueryAsync(TelemetryRun run, MetricQuery query, CancellationToken cancellationToken) =>
        reader.ReadAsync(run, Signal.Metrics, connection => Query(connection, query), cancellationToken);

    /// <summary>Values whose traces are known, newest first.</summary>
    /// <exception cref="TelemetryQueryException">It took too long, or the run is gone.</exception>
    public Task<IReadOnlyList<MetricExemplar>> ExemplarsAsync(TelemetryRun run, MetricQuery query, CancellationToken cancellationToken) =>
        reader.ReadAsync<IReadOnlyList<MetricExemplar>>(run, Signal.Metrics, connection => Exemplars(connection, query), cancellationToken);

    private static MetricAnswer Query(SqliteConnection connection, MetricQuery query)
    {
        var from = UnixNanos.From(query.From);
        var steps = Math.Clamp(query.Steps, 1, MaxSteps);
        var step = Math.Max(1_000_000, (UnixNanos.From(query.To) - from + steps - 1) / steps);
        if (connection.QuerySingleOrDefault<InstrumentRow>($"{InstrumentSql} WHERE i.id = @id", new { id = query.Instrument }) is not { } row)
        {
            return new MetricAnswer([], UnixNanos.ToDuration(step), false);
        }

        var instrument = row.ToInstrument();
        var matching = Series(connection, query.Instrument).Where(series => series.Matches(query.Where)).Take(MaxSeries + 1).ToList();
        using var points = new SeriesPoints(connection, instrument.Temporality == Temporality.Delta);
        var lines = new List<(MetricLine Line, double Greatest)>();
        foreach (var group in matching.Take(MaxSeries).GroupBy(series => series.Group(query.GroupBy)))
        {
            var values = group.Select(series => points.Read(series.Id, instrument, from, step, steps, LookBackNanos)).ToList();
            var line = MetricLines.Combine(instrument, query, values).Select(value => MetricLines.ToPoint(value, query, from, step)).ToList();
            if (line.Count > 0)
            {
                lines.Add((new MetricLine(group.First().LabelsOf(query.GroupBy), line), line.Max(static point => Math.Abs(point.Value))));
            }
        }

        return new MetricAnswer(
            [.. lines.OrderByDescending(static line => line.Greatest).Take(MaxLines).Select(static line => line.Line)], UnixNanos.ToDuration(step), lines.Count > MaxLines || matching.Count > MaxSeries);
    }

    private static List<MetricExemplar> Exemplars(SqliteConnection connection, MetricQuery query)
    {
        var found = new List<MetricExemplar>();
        foreach (var series in Series(connection, query.Instrument).Where(series => series.Matches(query.Where)).Take(MaxSeries))
        {
            var rows = connection.Query<(long Time, double Value, byte[] TraceId, long SpanId)>(
                "SELECT time, value, trace_id, span_id FROM exemplar WHERE series = @id AND time >= @from AND time < @to ORDER BY time DESC LIMIT @limit",
                new { id = series.Id, from = UnixNanos.From(query.From), to = UnixNanos.From(query.To), limit = MaxExemplars });
            found.AddRange(rows.Select(row => new MetricExemplar(UnixNanos.ToTime(row.Time), row.Value, TraceId.TryRead(row.TraceId, out var trace) ? trace : default, SpanId.From(row.SpanId), series.Labels)));
        }

        return [.. found.OrderByDescending(static exemplar => exemplar.Time).Take(MaxExemplars)];
    }

    /// <summary>Those seen last come first.</summary>
    private static IEnumerable<SeriesInfo> Series(SqliteConnection connection, long instrument) =>
        connection.Query<(long Id, string Service, string Instance, string Attributes)>(
                "SELECT s.id, r.service, r.instance, s.attributes FROM series s JOIN resource r ON r.id = s.resource WHERE s.instrument = @instrument ORDER BY s.last_seen DESC, s.id", new { instrument })
            .Select(static row => new SeriesInfo(row.Id, [new(MetricDimension.Service, row.Service), new(MetricDimension.Instance, row.Instance), .. TelemetryAttribute.Read(row.Attributes)]));

    private const string InstrumentSql =
        """
        SELECT i.id AS Id, i.meter AS Meter, i.name AS Name, i.unit AS Unit, i.description AS Description, i.kind AS Kind, i.temporality AS Temporality, i.monotonic AS Monotonic,
            (SELECT count(*) FROM series s WHERE s.instrument = i.id) AS Series
        FROM instrument i
        """;

    private sealed class InstrumentRow
    {
        public long Id { get; init; }

        public string Meter { get; init; } = "";

        public string Name { get; init; } = "";

        public string Unit { get; init; } = "";

        public string Description { get; init; } = "";

        public long Kind { get; init; }

        public long Temporality { get; init; }

        public long Monotonic { get; init; }

        public long Series { get; init; }

        public Instrument ToInstrument() => new(Meter, Name, Unit, (InstrumentKind)Kind, (Temporality)Temporality, Monotonic == 1);
    }
}
