using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Storage.Sqlite;

namespace FlowPlatform.Dashboard.Metrics;

/// <summary>Gives each instrument and each time series a number. Not safe for concurrent use.</summary>
internal sealed class SeriesTable
{
    /// <summary>How far the time when a series was last seen may be behind.</summary>
    private const long SeenNanos = 60_000_000_000;

    private const int MaxInstruments = 4_096;

    private readonly Origins origins;
    private readonly Dictionary<Instrument, long> instruments = [];
    private readonly Dictionary<(long Instrument, long Resource, string Attributes), (long Id, long Seen)> known = [];
    private readonly Statement addInstrument;
    private readonly Statement findInstrument;
    private readonly Statement add;
    private readonly Statement find;
    private readonly Statement seen;
    private readonly Statement count;
    private readonly Statement ids;
    private readonly Statement forget;
    private readonly Statement forgetInstruments;
    private long total;

    public SeriesTable(SignalConnection connection)
    {
        origins = new Origins(connection);
        addInstrument = connection.Prepare(
            """
            INSERT INTO instrument (meter, name, unit, kind, temporality, monotonic, description) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT DO UPDATE SET description = ?7 RETURNING id
            """);
        findInstrument = connection.Prepare("SELECT id FROM instrument WHERE meter = ?1 AND name = ?2 AND unit = ?3 AND kind = ?4 AND temporality = ?5 AND monotonic = ?6");
        add = connection.Prepare("INSERT INTO series (instrument, resource, attributes, last_seen) VALUES (?1, ?2, ?3, ?4) RETURNING id");
        find = connection.Prepare("SELECT id FROM series WHERE instrument = ?1 AND resource = ?2 AND attributes = ?3");
        seen = connection.Prepare("UPDATE series SET last_seen = ?2 WHERE id = ?1");
        count = connection.Prepare("SELECT count(*) FROM series");
        ids = connection.Prepare("SELECT id FROM series");
        forget = connection.Prepare("DELETE FROM series WHERE last_seen < ?1 AND NOT EXISTS (SELECT 1 FROM point WHERE series = series.id)");
        forgetInstruments = connection.Prepare("DELETE FROM instrument WHERE NOT EXISTS (SELECT 1 FROM series WHERE instrument = instrument.id)");
        total = SignalConnection.One(count);
    }

    /// <summary>Null: it would be one more than a maximum.</summary>
    public long? IdOf(PointRow point, long now, int max)
    {
        // At the maximum nothing new is written down, not even a name.
        var full = total >= max;
        if (InstrumentOf(point, create: !full) is not { } instrument || origins.IdOf(point.Resource, now, create: !full) is not { } resource)
        {
            return null;
        }

        var key = (instrument, resource, point.Attributes);
        if (known.TryGetValue(key, out var found) && now - found.Seen < SeenNanos)
        {
            return found.Id;
        }

        var id = SignalConnection.One(find.With(1, instrument).With(2, resource).With(3, point.Attributes));
        if (id == 0)
        {
            if (full)
            {
                return null;
            }

            id = SignalConnection.One(add.With(1, instrument).With(2, resource).With(3, point.Attributes).With(4, now));
            total++;
        }
        else
        {
            seen.With(1, id).With(2, now).Run();
        }

        known[key] = (id, now);
        return id;
    }

    public List<long> Ids()
    {
        var all = new List<long>();
        while (ids.Step())
        {
            all.Add(ids.Long(0));
        }

        return all;
    }

    /// <summary>Deletes series without points that were last seen before a time, and what only they referred to.</summary>
    public void ForgetBefore(long oldest)
    {
        forget.With(1, oldest - SeenNanos).Run();
        forgetInstruments.Run();
        origins.ForgetBefore(oldest - SeenNanos);
        Reset();
    }

    public void Reset()
    {
        instruments.Clear();
        known.Clear();
        origins.Reset();
        total = SignalConnection.One(count);
    }

    private long? InstrumentOf(PointRow point, bool create)
    {
        if (instruments.TryGetValue(point.Instrument, out var id))
        {
            return id;
        }

        var (meter, name, unit, kind, temporality, monotonic) = point.Instrument;
        var statement = create ? addInstrument.With(7, point.Description) : findInstrument;
        id = SignalConnection.One(statement.With(1, meter).With(2, name).With(3, unit).With(4, (int)kind).With(5, (int)temporality).With(6, monotonic ? 1 : 0));
        if (id == 0)
        {
            return null;
        }

        if (instruments.Count >= MaxInstruments)
        {
            instruments.Clear();
        }

        instruments[point.Instrument] = id;
        return id;
    }
}
