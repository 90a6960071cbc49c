using FlowPlatform.Log;

namespace FlowPlatform.Simulation;

/// <summary>What one partition holds.</summary>
internal sealed class BrokerPartition
{
    private readonly List<int> chunks = [];
    private int chunk;

    public List<LogRecord> Records { get; } = [];

    /// <summary>Greatest sequence of every publisher that the broker remembers.</summary>
    public Dictionary<string, long> Sequences { get; } = new(StringComparer.Ordinal);

    public long NextOffset { get; private set; }

    public void Add(LogRecord record, bool newChunk, int jump)
    {
        if (newChunk)
        {
            EndChunk();
        }

        // Only a chunk of its own takes an offset: never within another.
        var offset = NextOffset + (Records.Count > 0 && chunks[^1] != chunk ? jump : 0);
        Records.Add(record with { Offset = offset });
        chunks.Add(chunk);
        NextOffset = offset + 1;
    }

    public void EndChunk() => chunk++;

    /// <summary>The rest of the chunk in which the first record at or after the offset is.</summary>
    public List<LogRecord> Read(long offset)
    {
        var index = IndexOf(offset);
        var read = new List<LogRecord>();
        for (var i = index; i < Records.Count && chunks[i] == chunks[index]; i++)
        {
            read.Add(Records[i]);
        }

        return read;
    }

    /// <summary>Index of the first record at or after the offset.</summary>
    public int IndexOf(long offset)
    {
        var (from, to) = (0, Records.Count);
        while (from < to)
        {
            var middle = (from + to) / 2;
            (from, to) = Records[middle].Offset < offset ? (middle + 1, to) : (from, middle);
        }

        return from;
    }

    public void Cut(int records)
    {
        Records.RemoveRange(Records.Count - records, records);
        chunks.RemoveRange(Records.Count, records);
        NextOffset = Records.Count == 0 ? 0 : Records[^1].Offset + 1;
        Sequences.Clear();
        foreach (var record in Records)
        {
            var producer = record.Event.Producer!;
            Sequences[producer] = Math.Max(Sequences.GetValueOrDefault(producer), record.Event.Sequence);
        }

        EndChunk();
    }
}
