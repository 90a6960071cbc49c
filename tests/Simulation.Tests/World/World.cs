using FlowPlatform.Commands;
using FlowPlatform.Consumers;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>
/// Two services on a simulated machine, broker and disks. The shop publishes orders, decided from outside. The stock reserves them (reactor, main store), has some charged (commands), publishes what
/// it did, and folds both streams (projection). Each is one process on files, or several replicas on a server.
/// </summary>
internal sealed class World
{
    public World(Plan plan, Mutation mutation, Trace trace)
    {
        Plan = plan;
        Mutation = mutation;
        Machine = new Machine(new Dice(Dice.Mix(plan.Seed)), trace);
        trace.Of(Machine);
        Broker = new Broker(Machine);
        Gateway = new Gateway(Machine);
        Poison = new Poison(this);
        Operator = new Operator(this);
        Shop = new Service(this, ShopDefinition(plan.OrderPartitions), plan.ShopReplicas, plan.Shared, null);
        Stock = new Service(this, StockDefinition(), plan.StockReplicas, plan.Shared, new CommandQueue(Machine, keeps: !plan.MemoryQueue));
        Copy = mutation.TwoProducers ? new Service(this, ShopDefinition(plan.OrderPartitions), 1, plan.Shared, null, "copy") : null;
        foreach (var service in Services)
        {
            foreach (var name in service.Replicas)
            {
                Start(service, name);
            }
        }
    }

    public Plan Plan { get; }

    public Mutation Mutation { get; }

    public Machine Machine { get; }

    public Broker Broker { get; }

    public Gateway Gateway { get; }

    public Poison Poison { get; }

    public Operator Operator { get; }

    public Service Shop { get; }

    public Service Stock { get; }

    /// <summary>A copy of the shop's store with a process of its own, for a mutation (rule P1).</summary>
    public Service? Copy { get; }

    public IEnumerable<Service> Services => Copy is null ? [Shop, Stock] : [Shop, Stock, Copy];

    /// <summary>The newest life of each process, by name; a dead one is not here.</summary>
    public Dictionary<string, Process> Processes { get; } = new(StringComparer.Ordinal);

    /// <summary>Processes that will be started again.</summary>
    public List<(Service Service, string Name)> Dead { get; } = [];

    public Faults Faults { get; } = new();

    /// <summary>Orders whose placing was acknowledged, and in which life of the store.</summary>
    public List<(string Id, int Life)> Acknowledged { get; } = [];

    /// <summary>What was added to each shelf, as far as it was acknowledged.</summary>
    public Dictionary<string, long> Filled { get; } = new(StringComparer.Ordinal);

    /// <summary>Sequences that a consumer will never have, as it said when it stopped.</summary>
    public List<(string Consumer, PartitionId Partition, string Producer, long From, long To)> Holes { get; } = [];

    /// <summary>What was seen to go wrong on the way.</summary>
    public List<string> Violations { get; } = [];

    public bool HasViolations => Violations.Count > 0 || Shop.Main.Violations.Count > 0 || Stock.Main.Violations.Count > 0 || Machine.Strayed is not null;

    public IEnumerable<string> AllViolations => Violations.Concat(Shop.Main.Violations).Concat(Stock.Main.Violations);

    /// <summary>Ids of what was decided because of a cause, whether it was committed or not.</summary>
    public Dictionary<(string Cause, string Type), string> Reactions { get; } = [];

    public static FlowDefinition ShopDefinition(int partitions)
    {
        var definition = new FlowDefinition("shop");
        definition.Published.Add(typeof(OrdersEvent), new StreamDefinition("orders", partitions));
        return definition;
    }

    public Consumer? NewConsumer(Type type) => type == typeof(Reserve) ? new Reserve(this) : type == typeof(Totals) ? new Totals(this) : null;

    /// <summary>Looks at what is decided because of what: the same cause must give the same ids whenever it is decided again (rule P7).</summary>
    public void Watch(StoreTransaction transaction)
    {
        Mutation.Emitted(transaction.Events);
        foreach (var (_, @event) in transaction.Events)
        {
            if (@event.CausationId is { } cause && !Reactions.TryAdd((cause, @event.Type), @event.Id) && Reactions[(cause, @event.Type)] != @event.Id)
            {
                Violations.Add($"{@event.Type} because of one event was decided twice, under two ids");
            }
        }
    }

    public void HasStopped(Process process, string what, Exception failed)
    {
        Machine.Trace.Say($"{process.Name}: {what} STOPPED: {failed.GetType().Name}: {failed.Message}");
        if (!Faults.Excuses(this, process.Service, failed))
        {
            Violations.Add($"'{what}' of {process.Name} stopped, though nothing happened that it could not survive: {failed.GetType().Name}: {failed.Message}\n{failed.StackTrace}");
            return;
        }

        if (failed is SequenceHoleException hole)
        {
            Holes.Add((hole.Consumer, hole.Partition, hole.Producer, hole.From, hole.To));
        }

        Operator.Notice(process, what, failed);
    }

    public void Start(Service service, string name)
    {
        Machine.Trace.Say($"{name}: started");
        service.Disturb();
        var process = new Process(this, service, name);
        Processes[name] = process;
        process.Start();
    }

    /// <summary>kill -9, and a supervisor that starts it again after a while.</summary>
    public void Crash(Process process, TimeSpan down)
    {
        if (Bury(process, Machine.Dice.OneIn(2)))
        {
            Machine.After(down, () => Rise(process.Name));
        }
    }

    /// <summary>The process is gone, with all that it had in memory and in open transactions.</summary>
    /// <param name="process">The process.</param>
    /// <param name="landing">What it has sent arrives all the same.</param>
    /// <returns>False if it was gone before.</returns>
    public bool Bury(Process process, bool landing)
    {
        if (Processes.GetValueOrDefault(process.Name) != process)
        {
            return false;
        }

        Machine.Trace.Say($"{process.Name}: killed");
        End(process, landing);
        Dead.Add((process.Service, process.Name));
        return true;
    }

    public void Rise(string name)
    {
        var index = Dead.FindIndex(dead => dead.Name == name);
        if (index >= 0)
        {
            var (service, _) = Dead[index];
            Dead.RemoveAt(index);
            Start(service, name);
        }
    }

    /// <summary>A graceful stop, and a new start.</summary>
    public void Restart(Process process)
    {
        process.Service.Disturb();
        process.Stop(() => Machine.Network.Post(() =>
        {
            if (Processes.GetValueOrDefault(process.Name) == process)
            {
                End(process, landing: true);
                Start(process.Service, process.Name);
            }
        }));
    }

    private void End(Process process, bool landing)
    {
        process.Service.Disturb();
        process.Lane.Kill();
        Processes.Remove(process.Name);
        Broker.Disconnect(process.Lane, landing);
        process.Service.Queue?.End(process.Lane);
        foreach (var database in process.Service.Databases)
        {
            database.Lose(process.Lane);
        }
    }

    private FlowDefinition StockDefinition()
    {
        var definition = new FlowDefinition("stock");
        definition.Published.Add(typeof(StockEvent), new StreamDefinition("stock", Plan.StockPartitions));
        definition.Consumers.Add(new ConsumerDefinition(typeof(Reserve), ["orders"]));
        definition.Consumers.Add(new ConsumerDefinition(typeof(Totals), ["orders", "stock"]));
        definition.Commands.Add(new CommandDefinition<Charge, int, ChargeHandler>("stock.charge"));
        return definition;
    }
}
