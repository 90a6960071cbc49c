using System.Runtime.CompilerServices;
using Simulator.Dataset;
using Simulator.Replay;

namespace Simulator.Shop;

/// <summary>The synthetic shop as input, endless or with a number of orders: a position is the index of an order and of what happens at its time.</summary>
internal sealed class ShopInput : IReplayInput
{
    /// <summary>As in the dataset.</summary>
    private const long OrdersInFirstYear = 20_000;

    private const double CancelShare = 0.025;
    private const int LatestCancel = 12;

    private readonly long seed;
    private readonly long last;
    private readonly ShopInvoices invoices;

    /// <summary>A shop; <paramref name="orders"/> null: endless.</summary>
    public ShopInput(long seed, long? orders)
    {
        this.seed = seed;
        KnownOrders = orders;
        var calendar = new ShopCalendar(OrdersInFirstYear);
        last = Math.Min(orders ?? long.MaxValue, calendar.Capacity);
        invoices = new ShopInvoices(seed, calendar, ShopInvoices.SeededNumbers(seed));
    }

    public string Identity => $"shop seed {seed}";

    public string Name => KnownOrders is { } orders ? $"synthetic shop, seed {seed}, {orders} orders" : $"synthetic shop, seed {seed}";

    public long? KnownOrders { get; }

    public async IAsyncEnumerable<Step> ReadAsync(long from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        for (var index = from; index < last + LatestCancel; index++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (index < last)
            {
                foreach (var action in invoices.At(index).SelectMany(InvoiceMapper.Map))
                {
                    yield return new Step(index, action);
                }
            }

            foreach (var order in CancelledAt(index))
            {
                yield return new Step(index, new CancelAction(invoices.NumberOf(order), invoices.TimeOf(index)));
            }
        }
    }

    // Orders whose customers change their minds, within the next few orders.
    private IEnumerable<long> CancelledAt(long index)
    {
        for (var order = Math.Max(0, index - LatestCancel); order <= index && order < last; order++)
        {
            var random = new SeededRandom(seed, order, 3);
            if (random.Chance(CancelShare) && order + random.Next(LatestCancel + 1) == index)
            {
                yield return order;
            }
        }
    }
}
