using FlowPlatform.Commands;
using FlowPlatform.Consumers;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Outbox;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>
/// Two services on a simulated machine, broker and disks. The shop publishes orders, decided from outside. The stock reserves them (reactor, main store), has some charged (commands), publishes what
/// it did, and folds both streams (projection, a generation that may lose its last commits).
/// </summary>
internal sealed class World
{
    public const string Shop = "shop";
    public const string Stock = "stock";
    private readonly FlowDefinition stockDefinition = new(Stock);
    private readonly PublishedStreams shopStreams = new(Shop);
    private readonly CommandDefinition charge;

    public World(Plan plan, Mutation mutation, Trace trace)
    {
        Plan = plan;
        Mutation = mutation;
        Machine = new Machine(new Dice(Dice.Mix(plan.Seed)), trace);
        trace.Of(Machine);
        Broker = new Broker(Machine);
        ShopMain = new Database(Machine, "shop/main", durable: true);
        StockMain = new Database(Machine, "stock/main", durable: true);
        Totals = new Database(Machine, "stock/totals", durable: false);
        Queue = new CommandQueue(Machine);
        Gateway = new Gateway(Machine);
        shopStreams.Add(typeof(OrdersEvent), new StreamDefinition("orders", plan.OrderPartitions));
        stockDefinition.Published.Add(typeof(StockEvent), new StreamDefinition("stock", plan.StockPartitions));
        charge = new CommandDefinition<Charge, int, ChargeHandler>("stock.charge");
        StartShop();
        StartStock();
    }

    public Plan Plan { get; }

    public Mutation Mutation { get; }

    public Machine Machine { get; }

    public Broker Broker { get; }

    public Database ShopMain { get; }

    public Database StockMain { get; }

    public Database Totals { get; }

    public CommandQueue Queue { get; }

    public Gateway Gateway { get; }

    /// <summary>The newest life of each process, by name; a dead one is not here.</summary>
    public Dictionary<string, Process> Processes { get; } = new(StringComparer.Ordinal);

    /// <summary>Which process a consumer belongs to.</summary>
    public Dictionary<string, string> Owner { get; } = new(StringComparer.Ordinal) { ["reserve"] = Stock, ["totals"] = Stock };

    public Faults Faults { get; } = new();

    /// <summary>Orders whose placing was acknowledged, and in which life of the store.</summary>
    public List<(string Id, int Life)> Acknowledged { get; } = [];

    /// <summary>What was added to the shelf, as far as it was acknowledged.</summary>
    public long Filled { get; set; }

    /// <summary>What was seen to go wrong on the way.</summary>
    public List<string> Violations { get; } = [];

    /// <summary>Ids of what was decided because of a cause, whether it was committed or not.</summary>
    public Dictionary<(string Cause, string Type), string> Reactions { get; } = [];

    public IEventLog LogOf(Process process, IStore store) => Mutation.Log(new SimulatedLog(Broker, process.Lane), store);

    public void StartShop()
    {
        var process = Begin(Shop);
        process.Publish(Mutation.Main(new SimulatedStore(ShopMain, process.Lane, shopStreams, Mutation.Flaws)), shopStreams);
    }

    public void StartStock()
    {
        var process = Begin(Stock);
        var main = OpenMain(process);
        process.Publish(main, stockDefinition.Published);
        process.HandleCommands(main, charge, new StockServices(main, stockDefinition, Gateway), Queue);
        Consume(process, main);
    }

    /// <summary>A second process of the stock, for the consumers that it has taken over.</summary>
    public void StartSecond(string name)
    {
        var process = Begin(name);
        Consume(process, OpenMain(process));
    }

    public void Start(string name)
    {
        if (name == Shop)
        {
            StartShop();
        }
        else if (name == Stock)
        {
            StartStock();
        }
        else
        {
            StartSecond(name);
        }
    }

    public void HasStopped(Process process, string what, Exception failed)
    {
        Machine.Trace.Say($"{process.Name}: {what} STOPPED: {failed.GetType().Name}: {failed.Message}");
        if (!Faults.Excuse(failed, Owner.TryGetValue(what, out var owner) && owner != process.Name))
        {
            Violations.Add($"'{what}' of {process.Name} stopped, though nothing happened that it could not survive: {failed.GetType().Name}: {failed.Message}\n{failed.StackTrace}");
        }
    }

    private Process Begin(string name)
    {
        var process = new Process(this, name);
        Processes[name] = process;
        return process;
    }

    private IServiceStore OpenMain(Process process) =>
        Mutation.Main(new ReactionWatch(new SimulatedStore(StockMain, process.Lane, stockDefinition.Published, Mutation.Flaws) { Owns = OwnsOf(process) }, Mutation, this));

    private Predicate<string> OwnsOf(Process process) => consumer => Owner[consumer] == process.Name;

    private void Consume(Process process, IServiceStore main)
    {
        if (Owner["reserve"] == process.Name)
        {
            process.Consume(new Reserve(Plan.MaxBatch), main, "orders");
        }

        if (Owner["totals"] == process.Name)
        {
            var generation = new SimulatedStore(Totals, process.Lane, null, Mutation.Flaws) { Owns = OwnsOf(process) };
            process.Consume(new Totals(Plan.MaxBatch, Mutation.ByArrival), Mutation.Generation(generation, main), "orders", "stock");
        }
    }

    private sealed class StockServices(IServiceStore store, FlowDefinition definition, Gateway gateway) : IServiceProvider
    {
        public object? GetService(Type serviceType) =>
            serviceType == typeof(IServiceStore) ? store
            : serviceType == typeof(FlowDefinition) ? definition
            : serviceType == typeof(ChargeHandler) ? new ChargeHandler(gateway)
            : null;
    }
}
