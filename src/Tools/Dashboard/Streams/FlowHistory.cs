using FlowPlatform.Log;

namespace FlowPlatform.Dashboard.Streams;

/// <summary>How the flow went, in steps of equal length; a step in which nothing was kept is left out.</summary>
/// <param name="From">When the first step begins, in Unix milliseconds.</param>
/// <param name="StepMs">Length of a step.</param>
/// <param name="Consumers">By service, consumer, stream and partition.</param>
/// <param name="Partitions">By partition.</param>
/// <param name="Services">By service.</param>
internal sealed record FlowHistory(
    long From,
    long StepMs,
    IReadOnlyDictionary<(string Service, string Consumer, string Stream, int Partition), IReadOnlyList<ConsumerStep>> Consumers,
    IReadOnlyDictionary<PartitionId, IReadOnlyList<PartitionStep>> Partitions,
    IReadOnlyDictionary<string, IReadOnlyList<ServiceStep>> Services)
{
    public static FlowHistory None { get; } = new(
        0, 1, new Dictionary<(string, string, string, int), IReadOnlyList<ConsumerStep>>(), new Dictionary<PartitionId, IReadOnlyList<PartitionStep>>(), new Dictionary<string, IReadOnlyList<ServiceStep>>());

    /// <summary>A value at each step: where nothing was kept, what it was before; NaN, a gap, before the first.</summary>
    public static double[] Fill<TStep>(IEnumerable<TStep> course, Func<TStep, long> at, Func<TStep, double?> value)
    {
        var values = new double?[HistoryReader.Steps];
        foreach (var step in course)
        {
            values[Math.Clamp(at(step), 0, HistoryReader.Steps - 1)] = value(step);
        }

        var filled = new double[values.Length];
        for (var index = 0; index < values.Length; index++)
        {
            filled[index] = values[index] ?? (index == 0 ? double.NaN : filled[index - 1]);
        }

        return filled;
    }

    /// <summary>Per second, from the first to the last of two or more readings of a count; null where that can't be told.</summary>
    public static double? Rate<TStep>(IReadOnlyList<TStep> course, Func<TStep, (long Time, long? Count)> read)
    {
        var known = course.Select(read).Where(static step => step.Count is not null).ToList();
        return known.Count < 2 || known[^1].Time <= known[0].Time ? null : Math.Max(0, (known[^1].Count!.Value - known[0].Count!.Value) * 1000.0 / (known[^1].Time - known[0].Time));
    }
}

/// <summary>A consumer in one partition within a step: how far it came, and the greatest lag and delay.</summary>
internal sealed class ConsumerStep
{
    public string Service { get; init; } = "";

    public string Consumer { get; init; } = "";

    public string Stream { get; init; } = "";

    public long Partition { get; init; }

    public long Step { get; init; }

    public long Time { get; init; }

    public long Position { get; init; }

    public long Mark { get; init; }

    public long? Lag { get; init; }

    public double Delay { get; init; }
}

/// <summary>The end of a partition within a step.</summary>
internal sealed class PartitionStep
{
    public string Stream { get; init; } = "";

    public long Partition { get; init; }

    public long Step { get; init; }

    public long Time { get; init; }

    public long? Last { get; init; }
}

/// <summary>A service within a step: the greatest outbox, number of parked keys and sum of lags.</summary>
internal sealed class ServiceStep
{
    public string Service { get; init; } = "";

    public long Step { get; init; }

    public long Outbox { get; init; }

    public long Parked { get; init; }

    public long Lag { get; init; }
}

/// <summary>When a consumer applied an event, as its sampled positions tell.</summary>
/// <param name="Service">Whose.</param>
/// <param name="Consumer">Which.</param>
/// <param name="Since">It had not applied it then; null if no sample shows that.</param>
/// <param name="Until">It had then; null if it has not yet, as far as was sampled.</param>
internal sealed record AppliedBetween(string Service, string Consumer, DateTimeOffset? Since, DateTimeOffset? Until);
