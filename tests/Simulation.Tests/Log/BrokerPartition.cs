using FlowPlatform.Consumers;
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

    /// <summary>Who wrote the newest record that is not about a gap; null if there is none.</summary>
    public string? NewestProducer { get; private set; }

    /// <summary>Greatest sequence of every producer that is here.</summary>
    public Dictionary<string, long> Ends { get; } = new(StringComparer.Ordinal);

    /// <summary>The same without what is about gaps.</summary>
    public Dictionary<string, long> Wanted { get; } = new(StringComparer.Ordinal);

    public void Add(LogRecord record, bool newChunk, int jump)
    {
        if (newChunk)
        {
            EndChunk();
        }

        // Only a chunk of its own takes an offset: never within another.
        var offset = NextOffset + (Records.Count > 0 && chunks[^1] != chunk ? jump : 0);
        Records.Add(record with { Offset = offset });
        Count(record.Event);
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
        Ends.Clear();
        Wanted.Clear();
        NewestProducer = null;
        foreach (var record in Records)
        {
            Count(record.Event);
            Sequences[record.Event.Producer!] = Ends[record.Event.Producer!];
        }

        EndChunk();
    }

    private void Count(EventEnvelope @event)
    {
        var producer = @event.Producer!;
        Ends[producer] = Math.Max(Ends.GetValueOrDefault(producer), @event.Sequence);
        if (@event.Type != GapEvent.TypeName)
        {
            Wanted[producer] = Math.Max(Wanted.GetValueOrDefault(producer), @event.Sequence);
            NewestProducer = producer;
        }
    }
}
