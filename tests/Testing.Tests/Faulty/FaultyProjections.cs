using Contracts;
using FlowPlatform.Consumers;
using FlowPlatform.Storage;

namespace FlowPlatform.Testing.Tests.Faulty;

/// <summary>Keeps what came last: of orders in different partitions, that is chance.</summary>
internal sealed class LastOrder : Projection
{
    public LastOrder() => On<OrderPlaced>((placed, context) => context.ExecuteAsync(
        "INSERT INTO last_order (customer_id, order_id) VALUES (@CustomerId, @OrderId) ON CONFLICT (customer_id) DO UPDATE SET order_id = excluded.order_id", placed));
}

/// <summary>Does not load what it has: every transaction begins to count anew.</summary>
internal sealed class ForgetfulSums : Projection
{
    public ForgetfulSums() => FoldBy<string, Count>(
            (_, _) => Task.FromResult<IEnumerable<KeyValuePair<string, Count>>>([]),
            (scope, rows) => scope.ExecuteAsync(
                "INSERT INTO sums (country, orders) VALUES (@Key, @Orders) ON CONFLICT (country) DO UPDATE SET orders = excluded.orders", rows.Select(row => new { row.Key, row.Value.Orders })))
        .On<OrderPlaced>((placed, _) => placed.Country, (count, _, _) => count.Orders++);

    private sealed class Count
    {
        public int Orders { get; set; }
    }
}

/// <summary>Takes everything and writes nothing.</summary>
internal sealed class EmptyHanded : Projection
{
    public EmptyHanded() => On<OrderPlaced>((_, _) => Task.CompletedTask);
}

/// <summary>Has no schema.</summary>
internal sealed class Tableless : Projection
{
    public Tableless() => On<OrderPlaced>((_, _) => Task.CompletedTask);
}

/// <summary>Applies nothing until the test opens its gate, and then counts how often each event comes.</summary>
internal sealed class GatedTotals : Projection
{
    private int applied;

    public GatedTotals(Gate gate) => On<OrderPlaced>(async (placed, context) =>
    {
        await gate.Opened.Task;
        Interlocked.Increment(ref applied);
        await context.ExecuteAsync("INSERT INTO total (country, orders) VALUES (@Country, 1) ON CONFLICT (country) DO UPDATE SET orders = orders + 1", placed);
    });

    public int Applied => Volatile.Read(ref applied);
}

internal sealed class Gate
{
    public TaskCompletionSource Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
