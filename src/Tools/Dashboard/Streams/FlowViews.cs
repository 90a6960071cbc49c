using System.Collections.Concurrent;
using FlowPlatform.Hosting;
using FlowPlatform.Log;

namespace FlowPlatform.Dashboard.Streams;

/// <summary>What the page of streams shows.</summary>
internal sealed record FlowView(IReadOnlyList<ServiceReading> Services, IReadOnlyList<ConsumerView> Consumers, IReadOnlyList<StreamView> Streams, IReadOnlyList<OutboxView> Outboxes);

/// <summary>A consumer over all its partitions.</summary>
/// <param name="Service">Whose.</param>
/// <param name="Consumer">Its name.</param>
/// <param name="State">The worst of its partitions' states.</param>
/// <param name="Lag">Events that it has not applied; null while the log can't be reached.</param>
/// <param name="Delay">The longest delay, in seconds.</param>
/// <param name="Throughput">Events a second, over the shown time's last minute; null if that can't be told.</param>
/// <param name="Batch">Mean number of events of its newest transactions; null if that can't be told.</param>
/// <param name="Parked">Parked keys.</param>
/// <param name="Owners">Who owns its partitions.</param>
/// <param name="Lags">How the lag went.</param>
/// <param name="Partitions">Its partitions.</param>
internal sealed record ConsumerView(
    string Service, string Consumer, string State, long? Lag, double Delay, double? Throughput, double? Batch, int Parked, IReadOnlyList<string> Owners, double[] Lags, IReadOnlyList<ConsumerPartitionView> Partitions)
{
    public string Id => $"{Service}/{Consumer}";
}

/// <summary>A consumer in one partition.</summary>
internal sealed record ConsumerPartitionView(ConsumerPartitionStatus Status, double? Throughput, double[] Lags);

/// <summary>A stream over all its partitions.</summary>
internal sealed record StreamView(string Name, long Events, double? Rate, long? Bytes, DateTimeOffset? LastAt, double[] Rates, string? Fault, IReadOnlyList<PartitionView> Partitions);

/// <summary>One partition.</summary>
internal sealed record PartitionView(PartitionReading Reading, double? Rate);

/// <summary>A service's outbox.</summary>
internal sealed record OutboxView(string Service, OutboxStatus Status, IReadOnlyList<string> Streams, double[] Depths);

/// <summary>Puts readings and history together. Safe for concurrent use.</summary>
internal sealed class FlowViews(FlowBoard board, HistoryReader history)
{
    /// <summary>Rates are of so much of the end of a course, in milliseconds: a figure that follows, but doesn't flicker.</summary>
    private const long RateMs = 15_000;

    /// <summary>From bad to good.</summary>
    private static readonly string[] States = ["stopped", "unavailable", "refilling", "waiting", "catching-up", "live"];

    private readonly ConcurrentDictionary<string, (BatchStatus Older, BatchStatus Newer)> batches = [];

    /// <exception cref="Storage.TelemetryQueryException">The history can't be read.</exception>
    public async Task<FlowView> ReadAsync(TimeSpan back, CancellationToken cancellationToken)
    {
        // Rates need fine steps, whatever is drawn.
        var course = await history.ReadAsync(back, cancellationToken);
        var now = back <= TimeSpan.FromMinutes(5) ? course : await history.ReadAsync(TimeSpan.FromMinutes(1), cancellationToken);
        var services = board.Services;
        return new FlowView(
            services,
            [.. board.Consumers.GroupBy(static row => (row.Service, row.Status.Consumer)).Select(rows => Consumer(rows.Key.Service, rows.Key.Consumer, [.. rows], course, now))],
            [.. board.Partitions.GroupBy(static reading => reading.Stream).Select(rows => Stream(rows.Key, [.. rows], course, now))],
            [.. services.Where(static reading => reading.Flow?.Streams.Count > 0).GroupBy(static reading => reading.Address.Service).Select(same => Outbox(same.Key, same.First().Flow!, course))]);
    }

    private ConsumerView Consumer(string service, string consumer, IReadOnlyList<ConsumerRow> rows, FlowHistory course, FlowHistory now)
    {
        var partitions = rows.Select(row =>
        {
            var key = (service, consumer, row.Status.Stream, row.Status.Partition);
            return new ConsumerPartitionView(
                row.Status,
                Recent(now.Consumers.GetValueOrDefault(key), static step => step.Time, static step => step.Mark),
                FlowHistory.Fill(course.Consumers.GetValueOrDefault(key) ?? [], static step => step.Step, static step => step.Lag));
        }).ToList();
        return new ConsumerView(
            service, consumer,
            rows.Select(static row => row.Status.State).MinBy(static state => Array.IndexOf(States, state) is >= 0 and var rank ? rank : States.Length)!,
            rows.Any(static row => row.Status.Lag is null) ? null : rows.Sum(static row => row.Status.Lag),
            rows.Max(static row => row.Status.DelaySeconds),
            partitions.All(static part => part.Throughput is null) ? null : partitions.Sum(static part => part.Throughput ?? 0),
            Batch($"{service}/{consumer}", rows),
            rows.Sum(static row => row.Status.Parked?.Keys ?? 0),
            [.. rows.Select(static row => row.Status.Owner).Where(static owner => owner.Length > 0).Distinct()],
            Sum(partitions.Select(static part => part.Lags)),
            partitions);
    }

    /// <summary>Between two readings that differ; of all since the start, where there is only one.</summary>
    private double? Batch(string id, IReadOnlyList<ConsumerRow> rows)
    {
        // Every partition that a replica owns tells of all of its transactions.
        var told = rows.Where(static row => row.Status.Batches is not null).GroupBy(static row => row.Status.Owner).Select(static owner => owner.First().Status.Batches!).ToList();
        if (told.Count == 0)
        {
            return null;
        }

        var sum = new BatchStatus(told.Sum(static batch => batch.Count), told.Sum(static batch => batch.Events));
        var (older, newer) = batches.AddOrUpdate(id, _ => (new BatchStatus(0, 0), sum), (_, known) => sum == known.Newer ? known : sum.Count < known.Newer.Count ? (new BatchStatus(0, 0), sum) : (known.Newer, sum));
        return newer.Count > older.Count ? (double)(newer.Events - older.Events) / (newer.Count - older.Count) : null;
    }

    private static StreamView Stream(string name, IReadOnlyList<PartitionReading> rows, FlowHistory course, FlowHistory now)
    {
        var partitions = rows.Select(row => new PartitionView(
            row, Recent(now.Partitions.GetValueOrDefault(new PartitionId(name, row.Partition)), static step => step.Time, static step => step.Last))).ToList();
        return new StreamView(
            name,
            rows.Sum(static row => row.Count),
            partitions.All(static part => part.Rate is null) ? null : partitions.Sum(static part => part.Rate ?? 0),
            rows.Select(static row => row.Bytes).FirstOrDefault(static bytes => bytes is not null),
            rows.Max(static row => row.LastAt),
            Sum(rows.Select(row => Rates(course.Partitions.GetValueOrDefault(new PartitionId(name, row.Partition)) ?? [], course.StepMs))),
            rows.Select(static row => row.Fault).FirstOrDefault(static fault => fault is not null),
            partitions);
    }

    private static OutboxView Outbox(string service, FlowStatus flow, FlowHistory course) => new(
        service, flow.Outbox, [.. flow.Streams.Select(static row => row.Stream).Distinct()], FlowHistory.Fill(course.Services.GetValueOrDefault(service) ?? [], static step => step.Step, static step => step.Outbox));

    private static double? Recent<TStep>(IReadOnlyList<TStep>? course, Func<TStep, long> time, Func<TStep, long?> count) => course is not { Count: > 0 } ? null
        : FlowHistory.Rate([.. course.Where(step => time(step) >= time(course[^1]) - RateMs)], step => (time(step), count(step)));

    private static double[] Rates(IReadOnlyList<PartitionStep> course, long stepMs)
    {
        // What it was before the first step is unknown, and is no rise.
        var ends = FlowHistory.Fill(course, static step => step.Step, static step => step.Last);
        return [.. ends.Select((end, index) => index == 0 ? double.NaN : Math.Max(0, (end - ends[index - 1]) * 1_000 / stepMs))];
    }

    private static double[] Sum(IEnumerable<double[]> courses)
    {
        var all = courses.ToList();
        return [.. Enumerable.Range(0, HistoryReader.Steps).Select(index => all.Select(course => course[index]).Where(double.IsFinite).ToList() is { Count: > 0 } known ? known.Sum() : double.NaN)];
    }
}
