using System.Globalization;
using FlowPlatform.Consumers;
using FlowPlatform.Storage;

namespace ServiceNamespace;

/// <summary>
/// The projection <c>daily-counts</c>: how many events there were on each day of event time (UTC). Its tables are in <c>Schema/daily-counts</c>.
/// It folds events into them and does nothing else, so that it can always be built again from the log; sums don't care in which order partitions come.
/// </summary>
internal sealed class DailyCounts : Projection
{
    public DailyCounts() => On<EventType>((_, context) => context.ExecuteAsync(
        "INSERT INTO daily_count (day, events) VALUES (@day, 1) ON CONFLICT (day) DO UPDATE SET events = daily_count.events + 1",
        new { day = DayOf(context.Time) }));

    private static string DayOf(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
