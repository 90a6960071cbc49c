using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>A service: what it declares, its databases, and the names of its replicas.</summary>
internal sealed class Service
{
    private readonly World world;

    private readonly string prefix;

    public Service(World world, FlowDefinition definition, int replicas, bool shared, CommandQueue? queue, string? called = null)
    {
        this.world = world;
        prefix = called ?? definition.Service;
        Definition = definition;
        Queue = queue;
        Main = NewDatabase("main", shared ? DatabaseKind.Shared : DatabaseKind.Durable);
        Generation = definition.Consumers.Count == 0 ? null : shared ? Main : NewDatabase("totals", DatabaseKind.Volatile);
        Replicas = replicas == 1 ? [prefix] : [.. Enumerable.Range(1, replicas).Select(number => $"{prefix}-{number}")];
    }

    public string Name => Definition.Service;

    public FlowDefinition Definition { get; set; }

    public Database Main { get; }

    /// <summary>Of the projection: on a server beside the main store, else a file of its own that may lose its last commits.</summary>
    public Database? Generation { get; }

    public IEnumerable<Database> Databases => Generation is null || Generation == Main ? [Main] : [Main, Generation];

    /// <summary>Of its commands; null if it has none.</summary>
    public CommandQueue? Queue { get; }

    public IReadOnlyList<string> Replicas { get; }

    /// <summary>It was put back to an earlier state, or lost altogether.</summary>
    public bool WasSetBack { get; set; }

    /// <summary>When something last happened to its processes, in the clock's ticks: what takes long then says nothing.</summary>
    public long DisturbedAt { get; private set; }

    public IEnumerable<Process> Live => world.Processes.Values.Where(process => process.Service == this);

    public Database DatabaseOf(string consumer) => consumer == "totals" ? Generation! : Main;

    /// <summary>The streams that it publishes.</summary>
    public IEnumerable<PartitionId> Partitions => Definition.Published.All.SelectMany(stream => stream.PartitionIds);

    public void Disturb() => DisturbedAt = world.Machine.Clock.Ticks;

    public IServiceStore Open(Process process)
    {
        SimulatedStore main = null!;
        main = new SimulatedStore(Main, process.Lane, new StoreOptions("main")
        {
            Published = Definition.Published,
            Flaws = world.Mutation.Flaws,
            Watch = world.Watch,
            Unknown = () => world.Faults.Count("unknown outcome"),
            Generation = _ => world.Mutation.Generation(OpenGeneration(process), main, world),
        });
        return world.Mutation.Main(main, world);
    }

    private SimulatedStore OpenGeneration(Process process) =>
        new(Generation!, process.Lane, new StoreOptions("totals") { Flaws = world.Mutation.Flaws, Unknown = () => world.Faults.Count("unknown outcome") });

    private Database NewDatabase(string part, DatabaseKind kind) =>
        new(world.Machine, $"{prefix}/{part}", kind, kind == DatabaseKind.Shared && world.Mutation.EndsIdle ? SimulatedLeases.Times.LockTimeout : null)
        {
            WatchesOwners = kind == DatabaseKind.Shared && world.Mutation.WatchesOwners,
        };
}
