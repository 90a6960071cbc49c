using Contracts;
using FlowPlatform.Consumers;
using FlowPlatform.Storage;
using FlowPlatform.Testing.Tests.Upcasting;

namespace FlowPlatform.Testing.Tests.Faulty;

/// <summary>Projections with one fault each, which the conformance kit must refuse. All are called "planted", and share a schema.</summary>
internal static class PlantedProjections
{
    private const string Count = "INSERT INTO planted (customer_id, orders) VALUES (@CustomerId, 1) ON CONFLICT (customer_id) DO UPDATE SET orders = orders + 1";
    private const string Set = "INSERT INTO planted (customer_id, orders, note) VALUES (@CustomerId, @orders, @note) ON CONFLICT (customer_id) DO UPDATE SET orders = excluded.orders, note = excluded.note";

    private static Task CountAsync(OrderPlaced placed, ProjectionContext context, string? note = null) => context.ExecuteAsync(
        "INSERT INTO planted (customer_id, orders, note) VALUES (@CustomerId, 1, @note) ON CONFLICT (customer_id) DO UPDATE SET orders = orders + 1, note = excluded.note", new { placed.CustomerId, note });

    internal static class WithoutFault
    {
        internal sealed class Planted : Projection
        {
            public Planted() => On<OrderPlaced>((placed, context) => CountAsync(placed, context));
        }
    }

    /// <summary>Keeps the order of its keys, and knows that parking would not.</summary>
    internal static class InOrderOfItsPartition
    {
        internal sealed class Planted : Projection
        {
            public Planted()
            {
                Parks = false;
                On<OrderPlaced>((placed, context) => KeepLastAsync(placed, context));
            }
        }
    }

    /// <summary>The same, and says nothing about parking.</summary>
    internal static class InOrderOfItsPartitionAndParks
    {
        internal sealed class Planted : Projection
        {
            public Planted() => On<OrderPlaced>((placed, context) => KeepLastAsync(placed, context));
        }
    }

    /// <summary>Of a partition, the order that came last.</summary>
    private static Task KeepLastAsync(OrderPlaced placed, ProjectionContext context) => context.ExecuteAsync(
        "INSERT INTO planted (customer_id, orders, note) VALUES (@partition, 0, @OrderId) ON CONFLICT (customer_id) DO UPDATE SET note = excluded.note",
        new { partition = context.Record.Partition.Name, placed.OrderId });

    internal static class StaticCounter
    {
        private static int applied;

        internal sealed class Planted : Projection
        {
            public Planted() => On<OrderPlaced>((placed, context) => CountAsync(placed, context, $"{Interlocked.Increment(ref applied)}"));
        }
    }

    /// <summary>Counts in memory and writes what it has counted.</summary>
    internal static class CacheInAField
    {
        internal sealed class Planted : Projection
        {
            private readonly Dictionary<string, int> counts = [];

            public Planted() => On<OrderPlaced>((placed, context) => context.ExecuteAsync(
                Set, new { placed.CustomerId, orders = counts[placed.CustomerId!] = counts.GetValueOrDefault(placed.CustomerId!) + 1, note = "" }));
        }
    }

    /// <summary>Adds to a store that knows nothing of transactions, and reads from there.</summary>
    internal static class SideStore
    {
        internal sealed class Counter
        {
            public Dictionary<string, int> Counts { get; } = [];
        }

        internal sealed class Planted : Projection
        {
            public Planted(Counter side) => On<OrderPlaced>((placed, context) => context.ExecuteAsync(
                Set, new { placed.CustomerId, orders = side.Counts[placed.CustomerId!] = side.Counts.GetValueOrDefault(placed.CustomerId!) + 1, note = "" }));
        }
    }

    /// <summary>Remembers what it has applied, whether that was committed or not.</summary>
    internal static class RemembersWhatWasRolledBack
    {
        private static readonly HashSet<(string, string)> Applied = [];

        internal sealed class Planted : Projection
        {
            public Planted() => On<OrderPlaced>(async (placed, context) =>
            {
                if (Applied.Add((context.Connection.DataSource, context.Record.Event.Id)))
                {
                    await CountAsync(placed, context);
                }
            });
        }
    }

    /// <summary>After one failure it takes nothing any more, and does not say so.</summary>
    internal static class BreaksAfterAFailure
    {
        internal sealed class Planted : Projection
        {
            private bool broken;

            public Planted() => On<OrderPlaced>(async (placed, context) =>
            {
                try
                {
                    await (broken ? Task.CompletedTask : CountAsync(placed, context));
                }
                catch
                {
                    broken = true;
                    throw;
                }
            });
        }
    }

    internal static class AmbientClock
    {
        internal sealed class Planted : Projection
        {
#pragma warning disable RS0030 // That is the fault.
            public Planted() => On<OrderPlaced>((placed, context) => CountAsync(placed, context, $"{DateTimeOffset.UtcNow.Ticks}"));
#pragma warning restore RS0030
        }
    }

    /// <summary>Tells the hour by the service's clock.</summary>
    internal static class InjectedClock
    {
        internal sealed class Planted : Projection
        {
            public Planted(TimeProvider clock) => On<OrderPlaced>((placed, context) => CountAsync(placed, context, $"{clock.GetUtcNow():yyyy-MM-dd HH}"));
        }
    }

    internal static class NewIds
    {
        internal sealed class Planted : Projection
        {
            public Planted() => On<OrderPlaced>((placed, context) => CountAsync(placed, context, Guid.NewGuid().ToString()));
        }
    }

    internal static class SwallowsExceptions
    {
        internal sealed class Planted : Projection
        {
            private int failures;

            public Planted() => On<OrderPlaced>(async (placed, context) =>
            {
                try
                {
                    await CountAsync(placed, context);
                }
                catch (Exception failed) when (failed is not OperationCanceledException)
                {
                    failures++;
                }
            });
        }
    }

    /// <summary>Keeps what came last: of one customer's orders, which are in different partitions, that is chance.</summary>
    internal static class LastOneWins
    {
        internal sealed class Planted : Projection
        {
            public Planted() => On<OrderPlaced>((placed, context) => CountAsync(placed, context, placed.OrderId));
        }
    }

    /// <summary>Does not load what it has.</summary>
    internal static class ForgetfulFold
    {
        internal sealed class Planted : Projection
        {
            public Planted() => FoldBy<string, Total>(
                    (_, _) => Task.FromResult<IEnumerable<KeyValuePair<string, Total>>>([]),
                    (scope, rows) => scope.ExecuteAsync(Count, rows.Select(row => new { CustomerId = row.Key })))
                .On<OrderPlaced>((placed, _) => placed.CustomerId!, (total, _, _) => total.Orders++);
        }

        internal sealed class Total
        {
            public int Orders { get; set; }
        }
    }

    /// <summary>Can't apply a shipment before its order, and whether that came first is chance.</summary>
    internal static class ExpectsAnOrder
    {
        internal sealed class Planted : Projection
        {
            public Planted()
            {
                On<OrderPlaced>((placed, context) => context.ExecuteAsync("INSERT INTO planted (customer_id, orders) VALUES (@OrderId, 1)", placed));
                On<OrderShipped>(async (shipped, context) =>
                {
                    if (await context.ExecuteAsync("UPDATE planted SET note = 'shipped' WHERE customer_id = @OrderId", shipped) == 0)
                    {
                        throw new InvalidOperationException($"Order {shipped.OrderId} is unknown.");
                    }
                });
            }
        }
    }

    /// <summary>Looks behind its upcaster, at the version that is stored.</summary>
    internal static class LooksAtTheStoredVersion
    {
        internal sealed class Planted : Projection
        {
            public Planted() => On<Weighed>((weighed, context) => context.ExecuteAsync(Set, new { CustomerId = weighed.ParcelId, orders = 1, note = context.Record.Event.Type }));
        }
    }

    /// <summary>Knows the newest version only, and takes the others for it.</summary>
    internal static class TakesOldVersions
    {
        internal sealed class Planted : Projection
        {
            public Planted() => On<Weighed>((weighed, context) => context.ExecuteAsync(Set, new { CustomerId = weighed.ParcelId, orders = 1, note = $"{weighed.Kilograms} {weighed.Scale}" }));
        }
    }
}
