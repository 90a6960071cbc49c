using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Storage.Sqlite;

namespace FlowPlatform.Dashboard.Metrics;

/// <summary>Writes data points.</summary>
internal sealed class MetricTables : ISignalTables<MetricExport>
{
    /// <summary>A step of trimming by size deletes this part of the time that is kept.</summary>
    private const int TrimPart = 50;

    private readonly int maxSeries;
    private readonly SeriesTable series;
    private readonly Statement add;
    private readonly Statement addExemplar;
    private readonly Statement firstPoint;
    private readonly Statement lastPoint;
    private readonly Statement trimPoints;
    private readonly Statement trimExemplars;
    private long? oldest;
    private long newest;

    public MetricTables(SignalConnection connection, int maxSeries)
    {
        this.maxSeries = maxSeries;
        series = new SeriesTable(connection);
        add = connection.Prepare("INSERT INTO point (series, time, start, value, count, distribution) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING");
        addExemplar = connection.Prepare("INSERT INTO exemplar (series, time, value, trace_id, span_id) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING");
        firstPoint = connection.Prepare("SELECT min(time) FROM point WHERE series = ?1");
        lastPoint = connection.Prepare("SELECT max(time) FROM point WHERE series = ?1");
        trimPoints = connection.Prepare("DELETE FROM point WHERE series = ?1 AND time < ?2");
        trimExemplars = connection.Prepare("DELETE FROM exemplar WHERE series = ?1 AND time < ?2");
        FindBounds();
    }

    /// <inheritdoc />
    public void Write(MetricExport export, long now, Action<Outcome, int> count)
    {
        var (kept, tooMany) = (0, 0);
        foreach (var point in export.Points)
        {
            if (series.IdOf(point, now, maxSeries) is not { } id)
            {
                tooMany++;
                continue;
            }

            // A clock that is ahead must not keep points for ever.
            var time = point.Time == 0 ? now : Math.Min(point.Time, now);
            add.With(1, id).With(2, time).With(3, point.Start).With(4, point.Value);
            _ = point.Count is { } values ? add.With(5, values) : add.WithNull(5);
            _ = point.Distribution is { } distribution ? add.With(6, distribution.ToBytes()) : add.WithNull(6);
            add.Run();
            foreach (var exemplar in point.Exemplars)
            {
                addExemplar.With(1, id).With(2, Math.Min(exemplar.Time, now)).With(3, exemplar.Value).With(4, exemplar.TraceId.ToBytes()).With(5, exemplar.SpanId.Signed).Run();
            }

            kept++;
            oldest = Math.Min(oldest ?? time, time);
            newest = Math.Max(newest, time);
        }

        count(Outcome.Kept, kept);
        count(Outcome.TooManySeries, tooMany);
    }

    /// <inheritdoc />
    /// <remarks>Points know when they were measured, not when they came in.</remarks>
    public bool TrimOldest(long receivedBefore)
    {
        if (oldest is not { } first || first >= receivedBefore)
        {
            return false;
        }

        var cut = Math.Min(receivedBefore, first + 1 + ((newest - first) / TrimPart));
        foreach (var id in series.Ids())
        {
            trimPoints.With(1, id).With(2, cut).Run();
            trimExemplars.With(1, id).With(2, cut).Run();
        }

        FindBounds();
        series.ForgetBefore(oldest ?? newest);
        return true;
    }

    /// <inheritdoc />
    public void Reset()
    {
        series.Reset();
        FindBounds();
    }

    private void FindBounds()
    {
        (oldest, newest) = (null, 0);
        foreach (var id in series.Ids())
        {
            var first = SignalConnection.One(firstPoint.With(1, id));
            if (first != 0)
            {
                oldest = Math.Min(oldest ?? first, first);
                newest = Math.Max(newest, SignalConnection.One(lastPoint.With(1, id)));
            }
        }
    }
}
