using System.Globalization;
using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Log;
using FlowPlatform.Storage;
using FlowPlatform.Stores;

namespace FlowPlatform.Benchmarks.Running;

internal abstract record SalesEvent;

/// <summary>Something was sold: about 200 bytes of JSON.</summary>
[Event("sales.sold.v1", Key = nameof(Sale))]
internal sealed record Sold(string Sale, string Product, int Quantity, decimal Amount, string Note) : SalesEvent;

/// <summary>Seeded sales.</summary>
internal static class Sales
{
    /// <summary>As many as a shop has; so batches touch most products more than once.</summary>
    private const int Products = 1_000;

    private static readonly string Note = new('x', 80);

    public static IEnumerable<Sold> Of(int count, int seed = 1)
    {
        var random = new Random(seed);
        for (var number = 1; number <= count; number++)
        {
            yield return new Sold($"sale-{number:D8}", $"product-{random.Next(Products):D4}", random.Next(1, 10), random.Next(1, 10_000) / 100m, Note);
        }
    }

    /// <summary>As a producer would append it.</summary>
    public static EventEnvelope Envelope(Sold sold, string producer, long sequence, DateTimeOffset? time = null) => new()
    {
        Id = string.Create(CultureInfo.InvariantCulture, $"{producer}#{sequence}"),
        Type = "sales.sold.v1",
        Source = "benchmarks",
        Key = sold.Sale,
        Time = time ?? DateTimeOffset.UnixEpoch,
        CommittedAt = time ?? DateTimeOffset.UnixEpoch,
        CorrelationId = sold.Sale,
        Producer = producer,
        Sequence = sequence,
        Data = FlowJson.Serialize(sold),
    };

    /// <summary>Fills the partitions of a stream, a thousand events a chunk.</summary>
    public static async Task FillAsync(IEventLog log, StreamDefinition stream, int count)
    {
        var shares = Of(count).ToLookup(sold => Partitioner.PartitionOf(sold.Sale, stream.Partitions));
        foreach (var partition in stream.PartitionIds)
        {
            await using var writer = await log.OpenWriterAsync(partition, "benchmarks/1", CancellationToken.None);
            foreach (var batch in shares[partition.Index].Select((sold, index) => Envelope(sold, "benchmarks/1", index + 1)).Chunk(1_000))
            {
                await writer.AppendAsync(batch, CancellationToken.None);
            }
        }
    }
}

/// <summary>What was sold of each product: one statement per event.</summary>
internal sealed class SalesOneByOne : Projection
{
    public const string Upsert =
        """
        INSERT INTO sales (product, quantity, amount) VALUES (@Product, @Quantity, @Amount)
        ON CONFLICT (product) DO UPDATE SET quantity = sales.quantity + excluded.quantity, amount = sales.amount + excluded.amount
        """;

    public SalesOneByOne() => On<Sold>((sold, context) => context.ExecuteAsync(Upsert, new { sold.Product, sold.Quantity, sold.Amount }));
}

/// <summary>The same as a fold: each product of a batch is read once and written once.</summary>
internal sealed class SalesFolded : Projection
{
    public SalesFolded() => FoldBy<string, SalesRow>(LoadAsync, SaveAsync).On<Sold>((sold, _) => sold.Product, static (row, sold, _) => row.Add(sold));

    private static async Task<IEnumerable<KeyValuePair<string, SalesRow>>> LoadAsync(IStoreScope scope, IReadOnlyCollection<string> products)
    {
        var rows = await scope.QueryAsync<SalesRow>(
            $"SELECT product AS Product, quantity AS Quantity, amount AS Amount FROM sales WHERE product IN {JsonRows.Values(scope.Connection, "products")}",
            new { products = JsonRows.Of(products) });
        return rows.Select(row => KeyValuePair.Create(row.Product, row));
    }

    private static Task SaveAsync(IStoreScope scope, IReadOnlyCollection<KeyValuePair<string, SalesRow>> rows) => scope.ExecuteAsync(
        """
        INSERT INTO sales (product, quantity, amount) VALUES (@Product, @Quantity, @Amount)
        ON CONFLICT (product) DO UPDATE SET quantity = excluded.quantity, amount = excluded.amount
        """,
        rows.Select(pair => pair.Value.Under(pair.Key)));
}

internal sealed class SalesRow
{
    public string Product { get; private set; } = "";

    public long Quantity { get; private set; }

    public decimal Amount { get; private set; }

    public void Add(Sold sold) => (Quantity, Amount) = (Quantity + sold.Quantity, Amount + sold.Amount);

    public SalesRow Under(string product)
    {
        Product = product;
        return this;
    }
}

/// <summary>Takes every event and does nothing with it: what is left is the platform.</summary>
internal sealed class Nothing : Projection
{
    public Nothing(int? maxBatch = null)
    {
        MaxBatch = maxBatch ?? MaxBatch;
        On<Sold>(static (_, _) => Task.CompletedTask);
    }
}

/// <summary>A consumer that is not what it should be: before each event it does something that takes its time.</summary>
internal sealed class Ailing : Projection
{
    public Ailing(Func<Task> before) => On<Sold>((_, _) => before());
}
