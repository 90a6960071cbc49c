using FlowPlatform.Commands;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>One rule of correctness, broken in what the platform is given to work with: never in the platform itself. This one breaks none.</summary>
internal class Mutation
{
    /// <summary>Its rule's number, and what of it.</summary>
    public virtual string Rule => "none";

    /// <summary>What the simulated stores do wrong.</summary>
    public virtual StoreFlaws Flaws => default;

    /// <summary>The database ends transactions that idle.</summary>
    public virtual bool EndsIdle => true;

    /// <summary>That a former owner writes is wrong by itself; else only what comes of it.</summary>
    public bool WatchesOwners { get; set; } = true;

    /// <summary>The projection depends on the order in which partitions are read.</summary>
    public virtual bool ByArrival => false;

    /// <summary>A copy of the shop's store publishes, too.</summary>
    public virtual bool TwoProducers => false;

    /// <summary>The log as a process is given it.</summary>
    public virtual IEventLog Log(IEventLog log, IServiceStore main) => log;

    /// <summary>A main store as a process is given it.</summary>
    public virtual IServiceStore Main(SimulatedStore main, World world) => main;

    /// <summary>A generation as a process is given it.</summary>
    public virtual IStore Generation(SimulatedStore generation, SimulatedStore main, World world) => generation;

    /// <summary>The way of commands to their queue.</summary>
    public virtual ICommandBus Bus(SimulatedBus bus, Machine machine) => bus;

    /// <summary>By what the gateway knows whether it has done a thing.</summary>
    public virtual string KeyOf(CommandContext context) => context.CommandId.ToString();

    /// <summary>What a unit is about to commit.</summary>
    public virtual void Emitted(List<PendingEvent> events)
    {
    }
}
