using FlowPlatform.Commands;
using FlowPlatform.Consumers;
using FlowPlatform.Log;

namespace FlowPlatform.Simulation;

/// <summary>Reserves what is ordered, says so, and has every third order charged. The shelf is shared by all keys, and with decisions from outside.</summary>
internal sealed class Reserve : Reactor
{
    public Reserve(int maxBatch)
    {
        MaxBatch = maxBatch;
        On<OrderPlaced>(async (placed, context) =>
        {
            var rows = IRows.Of(context.Connection);
            await rows.AddAsync("shelf", -placed.Amount);
            await rows.AddAsync($"reserved {placed.Customer}", placed.Amount);
            await rows.ChainAsync(Checker.ChainOf(Name, context.Record.Partition), context.Record.Event.Id);
            context.Emit(new StockReserved(placed.Customer, placed.Number, placed.Amount), TimeSpan.FromMinutes(1));
            if (placed.Number % 3 == 0)
            {
                context.Send(new Charge(placed.Customer, placed.Number, placed.Amount));
            }
        });
    }
}

/// <summary>Sums, counts, and a chain per partition that only one order of events gives.</summary>
internal sealed class Totals : Projection
{
    public Totals(int maxBatch, bool byArrival)
    {
        MaxBatch = maxBatch;
        On<OrderPlaced>((placed, context) => AddAsync(context, "placed", placed.Customer, placed.Amount, byArrival));
        On<StockReserved>((reserved, context) => AddAsync(context, "reserved", reserved.Customer, reserved.Amount, byArrival));
        On<OrderCharged>((charged, context) => AddAsync(context, "charged", charged.Customer, charged.Amount, byArrival));
    }

    private async Task AddAsync(ProjectionContext context, string what, string customer, int amount, bool byArrival)
    {
        var rows = IRows.Of(context.Connection);
        var record = context.Record;
        await rows.AddAsync($"{what} {customer}", amount);

        // A mutation (rule C5): one chain over all partitions depends on the order in which they are read.
        await rows.ChainAsync(byArrival ? "chain" : Checker.ChainOf(Name, record.Partition), record.Event.Id);
    }
}

/// <summary>Charges an order with a gateway that keeps a book by the command's id.</summary>
internal sealed class ChargeHandler(Gateway gateway) : CommandHandler<Charge, int>
{
    public override async Task<int> CallAsync(Charge command, CommandContext context, CancellationToken cancellationToken)
    {
        await gateway.ChargeAsync(context.CommandId, command.Number);
        return command.Amount;
    }

    public override async ValueTask ApplyAsync(Charge command, int outcome, CommandTransaction transaction)
    {
        await IRows.Of(transaction.Connection).AddAsync($"charged {command.Customer}", outcome);
        transaction.Emit(new OrderCharged(command.Customer, command.Number, command.Amount));
    }
}

/// <summary>The world outside: what it does for a key it does once, and it takes its time.</summary>
internal sealed class Gateway(Machine machine)
{
    public Dictionary<Guid, int> Book { get; } = [];

    public async Task ChargeAsync(Guid key, int number)
    {
        await machine.PauseAsync();
        Book[key] = number;
        await machine.PauseAsync();
    }
}
