using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Log;

namespace FlowPlatform.Simulation;

/// <summary>
/// A broker with what a real one shows: entries whose id is not above a publisher's highest are dropped and confirmed; records come in chunks; offsets jump; an offset that isn't there is clamped
/// without a word; nothing is fsynced, so a crash may cut a confirmed tail.
/// </summary>
internal sealed class Broker(Machine machine)
{
    private readonly Dictionary<string, int> streams = new(StringComparer.Ordinal);
    private readonly Dictionary<PartitionId, BrokerPartition> partitions = [];
    private readonly Dictionary<PartitionId, int> eras = [];
    private readonly HashSet<Lane> unreachable = [];
    private readonly List<SimulatedWriter> writers = [];
    private readonly List<SimulatedReader> readers = [];
    private readonly List<(PartitionId Partition, string Producer, GapEvent Gap)> gaps = [];

    public Machine Machine => machine;

    /// <summary>While true calls fail now and then.</summary>
    public bool Faulty { get; set; } = true;

    /// <summary>Nobody can reach it.</summary>
    public bool Away { get; private set; }

    /// <summary>Told of every chunk that a process gets.</summary>
    public Action<Lane, IReadOnlyList<LogRecord>>? Delivered { get; set; }

    /// <summary>Every event that was ever stored under a sequence, cut off since or not: two under one are a broken promise.</summary>
    public Dictionary<(PartitionId Partition, string Producer, long Sequence), EventEnvelope> Stored { get; } = [];

    /// <summary>Gaps that producers have announced.</summary>
    public IReadOnlyList<(PartitionId Partition, string Producer, GapEvent Gap)> Gaps => gaps;

    /// <summary>Sequences under which two different events were stored.</summary>
    public List<string> Conflicts { get; } = [];

    public IEnumerable<PartitionId> Partitions => partitions.Keys.Order();

    public BrokerPartition Of(PartitionId id) => partitions.TryGetValue(id, out var partition) ? partition : partitions[id] = new BrokerPartition();

    /// <summary>What was sent in an earlier one does not arrive any more.</summary>
    public int EraOf(PartitionId id) => eras.GetValueOrDefault(id);

    public int? Count(string stream) => streams.TryGetValue(stream, out var count) ? count : null;

    /// <summary>True if some producer has said that it can't give a sequence any more.</summary>
    public bool HasAnnounced(PartitionId id, string producer, long sequence) =>
        gaps.Exists(announced => announced.Partition == id && announced.Producer == producer && announced.Gap.From <= sequence && sequence <= announced.Gap.To);

    /// <summary>Everything that was ever stored of a service is there, or announced as lost.</summary>
    public bool HasEverything(string service)
    {
        var there = partitions.Values.SelectMany(partition => partition.Records).Select(record => record.Event.Id).ToHashSet(StringComparer.Ordinal);
        return Stored.All(stored => stored.Value.Source != service || there.Contains(stored.Value.Id));
    }

    public void Ensure(StreamDefinition definition)
    {
        if (streams.TryAdd(definition.Name, definition.Partitions))
        {
            foreach (var id in definition.PartitionIds)
            {
                Of(id);
            }
        }
        else if (streams[definition.Name] != definition.Partitions)
        {
            throw new StreamDefinitionException(definition.Name, $"Stream '{definition.Name}' has {streams[definition.Name]} partitions, not {definition.Partitions}.");
        }
    }

    public void Repartition(string stream, int count)
    {
        streams[stream] = count;
        Enumerable.Range(0, count).ToList().ForEach(index => Of(new PartitionId(stream, index)));
    }

    public void Add(SimulatedWriter writer) => writers.Add(writer);

    public void Add(SimulatedReader reader) => readers.Add(reader);

    public void Append(PartitionId id, IReadOnlyList<EventEnvelope> events)
    {
        var partition = Of(id);
        foreach (var @event in events)
        {
            var producer = @event.Producer!;
            if (@event.Sequence <= partition.Sequences.GetValueOrDefault(producer))
            {
                continue;
            }

            partition.Sequences[producer] = @event.Sequence;
            Note(id, producer, @event);
            partition.Add(new LogRecord(id, partition.NextOffset, machine.Clock.GetUtcNow(), @event), newChunk: machine.Dice.OneIn(3), jump: machine.Dice.OneIn(8) ? machine.Dice.Between(1, 2) : 0);
            machine.Witness(partition.NextOffset, @event.Sequence);
        }

        partition.EndChunk();
        foreach (var reader in readers)
        {
            if (reader.Partition == id)
            {
                reader.Wake();
            }
        }
    }

    /// <summary>A crash of the node that leads the partition: its newest records are gone, and so is everything that was on its way.</summary>
    public void LoseTail(PartitionId id, int records)
    {
        eras[id] = EraOf(id) + 1;
        Of(id).Cut(records);
        Disconnect(id, landing: false);
    }

    /// <summary>The partition was deleted, and is there again, empty.</summary>
    public void Recreate(PartitionId id)
    {
        eras[id] = EraOf(id) + 1;
        partitions[id] = new BrokerPartition();
        Disconnect(id, landing: false);
    }

    /// <summary>The broker forgets publishers: it keeps 255 references and evicts.</summary>
    public void Forget(PartitionId id) => Of(id).Sequences.Clear();

    /// <summary>Connections to a partition end.</summary>
    /// <param name="id">The partition.</param>
    /// <param name="landing">What was sent arrives all the same, though nobody will hear of it.</param>
    public void Disconnect(PartitionId id, bool landing) => Disconnect(writer => writer.Partition == id, reader => reader.Partition == id, landing);

    /// <summary>A process's connections end.</summary>
    public void Disconnect(Lane lane, bool landing) => Disconnect(writer => writer.Lane == lane, reader => reader.Lane == lane, landing);

    /// <summary>True if a process can't reach it.</summary>
    public bool IsAwayFrom(Lane lane) => Away || unreachable.Contains(lane);

    /// <summary>Processes lose their way to it, and to nothing else; or have it again.</summary>
    public void SetAwayFrom(IReadOnlyCollection<Lane> lanes, bool away)
    {
        foreach (var lane in lanes)
        {
            _ = away ? unreachable.Add(lane) : unreachable.Remove(lane);
            if (away)
            {
                Disconnect(lane, landing: machine.Dice.OneIn(2));
            }
        }
    }

    public void SetAway(bool away)
    {
        Away = away;
        if (away)
        {
            Disconnect(_ => true, _ => true, landing: machine.Dice.OneIn(2));
        }
    }

    private void Note(PartitionId id, string producer, EventEnvelope @event)
    {
        if (@event.Type == GapEvent.TypeName)
        {
            gaps.Add((id, producer, (GapEvent)FlowJson.Deserialize(@event.Data.Span, typeof(GapEvent))));
        }
        else if (!Stored.TryAdd((id, producer, @event.Sequence), @event) && Stored[(id, producer, @event.Sequence)].Id != @event.Id)
        {
            Conflicts.Add($"{id} sequence {@event.Sequence} of {producer} was stored as two events");
        }
    }

    private void Disconnect(Predicate<SimulatedWriter> ofWriters, Predicate<SimulatedReader> ofReaders, bool landing)
    {
        writers.FindAll(ofWriters).ForEach(writer => writer.Cut(landing));
        readers.FindAll(ofReaders).ForEach(reader => reader.Cut());
        writers.RemoveAll(ofWriters);
        readers.RemoveAll(ofReaders);
    }
}
