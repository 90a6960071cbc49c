using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using Microsoft.Extensions.DependencyInjection;

namespace FlowPlatform.Testing.Conforming;

/// <summary>What is checked: makes the projection anew as often as its process starts. Its container goes on, as what is static would.</summary>
internal sealed class Subject
{
    private readonly Type type;
    private readonly SteppedFlow flow;

    public Subject(Type type, SteppedFlow flow, EventHistory history)
    {
        this.type = type;
        this.flow = flow;
        var declared = flow.Consumers.FirstOrDefault(consumer => consumer.Type == type)
            ?? throw new FlowTestException($"The flow does not declare the projection {type.Name}: it has {string.Join(", ", flow.Consumers.Select(consumer => consumer.Type.Name).DefaultIfEmpty("no consumers"))}.");
        var projection = Create();
        Name = projection.Name;
        Migrations = EmbeddedMigrations.Of(type.Assembly, Name, "sqlite");
        Streams = declared.Streams;
        History = Renumber(history.Only([.. Streams]), projection);
        Types = History.Records.Select(record => record.Event.Type).ToHashSet(StringComparer.Ordinal);
        Partitions = [.. History.ByPartition.Select(records => records[0].Partition)];
    }

    /// <summary>Name of the projection.</summary>
    public string Name { get; }

    /// <summary>Its schema.</summary>
    public IReadOnlyList<Migration> Migrations { get; }

    /// <summary>Streams that it reads.</summary>
    public IReadOnlyList<string> Streams { get; }

    /// <summary>The events that it takes, without gaps.</summary>
    public EventHistory History { get; }

    /// <summary>Their types.</summary>
    public IReadOnlySet<string> Types { get; }

    /// <summary>Their partitions.</summary>
    public IReadOnlyList<PartitionId> Partitions { get; }

    /// <summary>The service's main store: for what operators did.</summary>
    public IServiceStore Main => flow.Store;

    public TimeProvider Clock => flow.Clock;

    /// <summary>The projection as a process that starts makes it.</summary>
    public Projection Create() => (Projection)ActivatorUtilities.CreateInstance(flow.Services, type);

    /// <summary>What nobody takes only moves positions; without it, sequences begin at 1 and have no gaps, whatever the history was made of.</summary>
    private static EventHistory Renumber(EventHistory history, Projection projection)
    {
        var renumbered = new EventHistory();
        foreach (var records in history.ByPartition)
        {
            var sequence = 0;
            foreach (var record in records.Where(projection.Wants))
            {
                sequence++;
                renumbered.Add(record with
                {
                    Offset = sequence - 1,
                    Event = record.Event.At(Given.ProducerOf(record.Partition.Stream), sequence),
                });
            }
        }

        return renumbered;
    }
}
