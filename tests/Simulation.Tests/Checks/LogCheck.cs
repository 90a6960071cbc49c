using FlowPlatform.Consumers;
using FlowPlatform.Log;

namespace FlowPlatform.Simulation;

/// <summary>The log's effect, which is the first of each sequence, must be what was decided: all of it, once, in order, and nothing else.</summary>
internal sealed class LogCheck(World world, List<string> faults)
{
    /// <summary>By partition, what the log's effect is.</summary>
    public Dictionary<PartitionId, List<EventEnvelope>> Effects { get; } = [];

    public void Run()
    {
        faults.AddRange(world.Broker.Conflicts);
        foreach (var service in world.Services)
        {
            foreach (var id in world.Broker.Partitions.Where(id => service.Partitions.Any(known => known.Stream == id.Stream)))
            {
                Check(service, id, Effects[id] = EffectOf(id));
            }
        }

        CheckAcknowledged();
    }

    private List<EventEnvelope> EffectOf(PartitionId id)
    {
        var marks = new Dictionary<string, long>(StringComparer.Ordinal);
        List<EventEnvelope> effect = [];
        foreach (var @event in world.Broker.Of(id).Records.Select(record => record.Event))
        {
            var mark = marks.GetValueOrDefault(@event.Producer!);
            if (@event.Sequence <= mark)
            {
                continue;
            }

            marks[@event.Producer!] = @event.Sequence;
            if (@event.Type == GapEvent.TypeName)
            {
                continue;
            }

            effect.Add(@event);
            if (@event.Sequence != mark + 1)
            {
                faults.Add($"{id} goes on with {@event.Sequence} after {mark} of {@event.Producer}");
            }
        }

        return effect;
    }

    private void Check(Service service, PartitionId id, List<EventEnvelope> effect)
    {
        var there = effect.Select(@event => @event.Id).ToHashSet(StringComparer.Ordinal);
        if (there.Count != effect.Count)
        {
            faults.Add($"{id} has an event twice in effect, under two sequences");
        }

        if (!there.IsSubsetOf(service.Main.Decided))
        {
            faults.Add($"{id} has an event that nobody decided");
        }

        if (world.Broker.Gaps.Any(announced => announced.Partition == id) && !world.Faults.LostAfterTrim)
        {
            faults.Add($"{id} announces a gap, though no row's retention had passed");
        }

        CheckDecided(service, id, effect, there);
        foreach (var ((partition, producer, sequence), @event) in world.Broker.Stored)
        {
            if (partition == id && !there.Contains(@event.Id) && !world.Broker.HasAnnounced(id, producer, sequence))
            {
                faults.Add($"{id} had sequence {sequence} of {producer}, and nobody says that it is lost");
            }
        }
    }

    private void CheckDecided(Service service, PartitionId id, List<EventEnvelope> effect, HashSet<string> there)
    {
        var decided = service.Main.Current.Decided.GetValueOrDefault(id) ?? [];
        var expected = decided.Where(row => there.Contains(row.Id) || !world.Broker.HasAnnounced(id, row.Producer!, row.Sequence)).Select(row => row.Id).ToList();
        if (expected.Distinct(StringComparer.Ordinal).Count() != expected.Count)
        {
            faults.Add($"an event is decided twice in {id}");
        }

        // A store that was set back decides the same again, under the same ids, in whichever order it reads the partitions now; the log has it in the order that it had then.
        var fits = service.WasSetBack ? there.IsSupersetOf(expected) : effect.Select(@event => @event.Id).SequenceEqual(expected);
        if (!fits)
        {
            faults.Add(
                $"{id} has {effect.Count} events in effect, {expected.Count} were decided, and the first that differs is number "
                + $"{effect.Zip(expected).TakeWhile(pair => pair.First.Id == pair.Second).Count() + 1}; {expected.Count(one => !there.Contains(one))} are missing");
        }
    }

    private void CheckAcknowledged()
    {
        var decided = world.Shop.Main.Current.Decided.Values.SelectMany(rows => rows).Select(row => row.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var (id, _) in world.Shop.WasSetBack ? [] : world.Acknowledged)
        {
            if (!decided.Contains(id))
            {
                faults.Add($"order {id} was acknowledged, and is gone");
            }
        }
    }
}
