using FlowPlatform.Hosting;

namespace FlowPlatform.Chaos.Watching;

/// <summary>How far a service is: marks of its consumers, confirmed events of its streams. Of several replicas the most advanced answer counts, for they share a database.</summary>
internal sealed class Standing
{
    private readonly Dictionary<(string Consumer, string Stream, int Partition), long> marks = [];
    private readonly Dictionary<(string Stream, int Partition), long> confirmed = [];
    private readonly IReadOnlyDictionary<(string Stream, int Partition), long> last;

    private Standing(IEnumerable<FlowStatus> answers, IReadOnlyDictionary<(string Stream, int Partition), long> last)
    {
        this.last = last;
        foreach (var status in answers)
        {
            foreach (var row in status.Consumers)
            {
                Raise(marks, (row.Consumer, row.Stream, row.Partition), row.Mark);
            }

            foreach (var row in status.Streams)
            {
                Raise(confirmed, (row.Stream, row.Partition), row.Confirmed);
            }
        }
    }

    /// <summary>Null if there is no answer.</summary>
    public static Standing? Of(IReadOnlyList<FlowStatus> answers, IReadOnlyDictionary<(string Stream, int Partition), long> last) => answers.Count == 0 ? null : new Standing(answers, last);

    /// <summary>
    /// What has not gone on since <paramref name="before"/>: it must be farther, or at the end of a stream that has no more than it had then. <paramref name="moved"/>: something is farther.
    /// </summary>
    public IReadOnlyList<string> Stuck(Standing before, out bool moved)
    {
        var stuck = new List<string>();
        moved = false;
        foreach (var (row, mark) in marks)
        {
            Judge($"{row.Consumer} on {row.Stream}-{row.Partition}", (row.Stream, row.Partition), mark, before.marks.GetValueOrDefault(row, -1), before, stuck, ref moved);
        }

        foreach (var (partition, sequence) in confirmed)
        {
            Judge($"outbox of {partition.Stream}-{partition.Partition}", partition, sequence, before.confirmed.GetValueOrDefault(partition, -1), before, stuck, ref moved);
        }

        return stuck;
    }

    private void Judge(string what, (string, int) partition, long now, long then, Standing before, List<string> stuck, ref bool moved)
    {
        if (now > then)
        {
            moved = true;
        }
        else if (last.GetValueOrDefault(partition) is var end && (now < end || end > before.last.GetValueOrDefault(partition)))
        {
            stuck.Add($"{what} at {now} of {end}");
        }
    }

    private static void Raise<T>(Dictionary<T, long> values, T key, long value)
        where T : notnull => values[key] = Math.Max(values.GetValueOrDefault(key, value), value);
}
