using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>What people want of the services.</summary>
internal sealed class Business(World world)
{
    private static readonly DateTimeOffset Opened = new(2026, 1, 1, 9, 0, 0, TimeSpan.Zero);
    private int orders;

    /// <summary>An order, decided from outside. Who is told that it failed, or is told nothing, does not come again.</summary>
    public void PlaceOrder(Deed deed)
    {
        if (Pick(deed.A % 2 == 1 && world.Copy is { } copy ? copy : world.Shop, deed) is not { } shop)
        {
            return;
        }

        var number = ++orders;
        var life = world.Shop.Main.Life;
        var placed = new OrderPlaced($"c{deed.A % world.Plan.Customers}", number, deed.A / 7 % world.Plan.Items, deed.B);
        Decide(shop, async () =>
        {
            var id = await shop.Store.WriteAsync([placed.Customer], transaction => ValueTask.FromResult(transaction.Emit(placed, Opened.AddSeconds(number))), CancellationToken.None);
            world.Acknowledged.Add((id, life));
            world.Faults.Count("order");
        });
    }

    /// <summary>A decision of the stock from outside, on the row that its reactor writes, too: with its key, or with the whole store.</summary>
    public void FillShelf(Deed deed)
    {
        if (Pick(world.Stock, deed) is not { } stock)
        {
            return;
        }

        var shelf = Rows.Shelf(deed.A / 7 % world.Plan.Items);
        Decide(stock, async () =>
        {
            await (deed.B % 2 == 0 ? stock.Store.WriteAsync(FillAsync, CancellationToken.None) : stock.Store.WriteAsync([shelf], FillAsync, CancellationToken.None));
            world.Filled[shelf] = world.Filled.GetValueOrDefault(shelf) + deed.B;
            world.Faults.Count("fill");
        });

        async ValueTask<bool> FillAsync(StoreTransaction transaction)
        {
            var rows = new Rows(transaction.Connection);
            await rows.AddAsync(shelf, deed.B);
            await rows.AddAsync($"filled {shelf}", deed.B);
            return true;
        }
    }

    public void Ask(Deed deed, ParkingVerb verb)
    {
        if (Pick(world.Stock, deed) is { } stock)
        {
            world.Operator.Ask(stock, verb, deed.B % 3 == 0 ? "reserve" : "totals");
        }
    }

    private static Process? Pick(Service service, Deed deed) => service.Live.Where(process => process is { HasStarted: true, IsStopping: false }).ToList() is { Count: > 0 } ready ? ready[deed.A % ready.Count] : null;

    private void Decide(Process process, Func<Task> decide) => process.Do(async () =>
    {
        try
        {
            await decide();
        }
        catch (Exception refused) when (refused is StoreBusyException or CommitOutcomeUnknownException)
        {
            world.Machine.Trace.Say($"{process.Name}: refused: {refused.Message}");
        }
    });
}
