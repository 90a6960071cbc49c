using FlowPlatform.Commands;
using FlowPlatform.Consumers;
using FlowPlatform.Log;

namespace FlowPlatform.Simulation;

/// <summary>Reserves what is ordered, says so, and has every third order charged. A shelf is shared by orders of all keys, and with decisions from outside.</summary>
internal sealed class Reserve : Reactor
{
    private readonly World world;

    public Reserve(World world)
    {
        this.world = world;
        MaxBatch = world.Plan.MaxBatch;
        if (world.Plan.Keyed)
        {
            On<OrderPlaced>(HandleAsync, placed => [Rows.Shelf(placed.Item), $"customer {placed.Customer}"]);
        }
        else
        {
            On<OrderPlaced>(HandleAsync);
        }
    }

    private async Task HandleAsync(OrderPlaced placed, ReactorContext context)
    {
        var rows = new Rows(context.Connection);
        await rows.AddAsync(Rows.Shelf(placed.Item), -placed.Amount);
        world.Poison.Try(Name, "placed", placed.Number);
        await rows.AddAsync($"reserved {placed.Customer}", placed.Amount);
        await rows.ChainAsync(Chain.Of(world.Plan, Name, context.Record), context.Record.Event.Id);
        context.Emit(new StockReserved(placed.Customer, placed.Number, placed.Item, placed.Amount), TimeSpan.FromMinutes(1));
        if (placed.Number % 3 == 0)
        {
            context.Send(new Charge(placed.Customer, placed.Number, placed.Item, placed.Amount));
        }
    }
}

/// <summary>Sums, and chains that only one order of events gives.</summary>
internal sealed class Totals : Projection
{
    private readonly World world;

    public Totals(World world)
    {
        this.world = world;
        MaxBatch = world.Plan.MaxBatch;
        On<OrderPlaced>((placed, context) => AddAsync(context, "placed", placed.Customer, placed.Number, placed.Amount));
        On<StockReserved>((reserved, context) => AddAsync(context, "reserved", reserved.Customer, reserved.Number, reserved.Amount));
        On<OrderCharged>((charged, context) => AddAsync(context, "charged", charged.Customer, charged.Number, charged.Amount));
    }

    private async Task AddAsync(ProjectionContext context, string what, string customer, int number, int amount)
    {
        var rows = new Rows(context.Connection);
        await rows.AddAsync($"total {what} {customer}", amount);
        world.Poison.Try(Name, what, number);

        // A mutation (rule C5): one chain over all partitions depends on the order in which they are read.
        await rows.ChainAsync(world.Mutation.ByArrival ? "chain" : Chain.Of(world.Plan, Name, context.Record), context.Record.Event.Id);
    }
}

/// <summary>
/// Names of chains. Where nothing is ever parked there is one for each partition, and its order must be the log's; where something is, the order holds for each key.
/// </summary>
internal static class Chain
{
    public static string Of(Plan plan, string consumer, in LogRecord record) => Of(plan, consumer, record.Partition, record.Event.Key);

    public static string Of(Plan plan, string consumer, PartitionId partition, string key) => plan.Poison.Count == 0 ? $"chain {consumer} {partition}" : $"chain {consumer} {partition} {key}";
}

/// <summary>Charges an order with a gateway that keeps a book by the command's id.</summary>
internal sealed class ChargeHandler(World world) : CommandHandler<Charge, int>
{
    public override async Task<int> CallAsync(Charge command, CommandContext context, CancellationToken cancellationToken)
    {
        await world.Gateway.ChargeAsync(world.Mutation.KeyOf(context), command.Number);
        return command.Amount;
    }

    public override async ValueTask ApplyAsync(Charge command, int outcome, CommandTransaction transaction)
    {
        await new Rows(transaction.Connection).AddAsync($"taken {command.Customer}", outcome);
        transaction.Emit(new OrderCharged(command.Customer, command.Number, command.Amount));
    }
}

/// <summary>The world outside: what it does for a key it does once, and it takes its time.</summary>
internal sealed class Gateway(Machine machine)
{
    public Dictionary<string, int> Book { get; } = new(StringComparer.Ordinal);

    public async Task ChargeAsync(string key, int number)
    {
        await machine.PauseAsync();
        Book[key] = number;
        await machine.PauseAsync();
    }
}

/// <summary>What some event can't be handled for, until somebody mends it; and faults that pass.</summary>
internal sealed class Poison(World world)
{
    /// <summary>A new version is rolled out that can handle what the old one could not.</summary>
    public bool IsMended { get; set; }

    /// <summary>Handlers fail for no reason now and then.</summary>
    public bool Faulty { get; set; } = true;

    public void Try(string consumer, string what, int number)
    {
        if (!IsMended && world.Plan.Poison.Contains(new Bad(consumer, what, number)))
        {
            throw new HandlerFailedException($"{consumer} can't handle {what} {number}");
        }

        if (Faulty && world.Machine.Dice.OneIn(200))
        {
            throw new HandlerFailedException($"{consumer} failed at {what} {number}, for once");
        }
    }
}

/// <summary>A handler's own fault.</summary>
internal sealed class HandlerFailedException(string message) : Exception(message);
