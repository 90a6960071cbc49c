using FlowPlatform.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Dashboard.Metrics;

/// <summary>Reads the points of series. Not safe for concurrent use.</summary>
internal sealed class SeriesPoints(SqliteConnection connection, bool all) : IDisposable
{
    /// <summary>Where each point is a part of the whole, all of them are read, up to so many.</summary>
    private const int MaxPoints = 20_000;

    private const string Columns = "SELECT time, start, value, distribution FROM point WHERE series = ?1 AND time > ?2 AND time <= ?3";

    private readonly Statement last = new(connection, $"{Columns} ORDER BY time DESC LIMIT 1");
    private readonly Statement every = new(connection, $"{Columns} ORDER BY time LIMIT {MaxPoints}");

    /// <summary>The steps of one series.</summary>
    public IReadOnlyList<StepValue> Read(long series, Instrument instrument, long from, long step, int steps, long lookBack)
    {
        var values = new SeriesSteps(instrument, from, step);
        if (all)
        {
            Take(every, series, from, from + (step * steps), values);
            return values.Values;
        }

        // Of what counts from the start, and of gauges, the last point of each step says it all.
        Take(last, series, from - lookBack, from, values);
        for (var i = 0; i < steps; i++)
        {
            Take(last, series, from + (step * i), from + (step * (i + 1)), values);
        }

        return values.Values;
    }

    public void Dispose()
    {
        last.Dispose();
        every.Dispose();
    }

    private static void Take(Statement row, long series, long after, long upTo, SeriesSteps values)
    {
        row.With(1, series).With(2, after).With(3, upTo);
        while (row.Step())
        {
            values.Add(new SeriesPoint(row.Long(0), row.Long(1), row.Double(2), row.IsNull(3) ? null : Distribution.Read(row.Blob(3))));
        }
    }
}
