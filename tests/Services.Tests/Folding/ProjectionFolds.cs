using System.Globalization;
using Dapper;
using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Tests.Support;

/// <summary>Folds histories with a projection, each into a fresh database of the same store.</summary>
internal sealed class ProjectionFolds(IServiceStore store, Projection projection)
{
    private int count;

    /// <summary>Folds the batches, each in one transaction.</summary>
    public async Task<IStore> FoldAsync(IEnumerable<IReadOnlyList<LogRecord>> batches)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var migrations = EmbeddedMigrations.Of(projection.GetType().Assembly, projection.Name);
        migrations.ShouldNotBeEmpty();
        var generation = await store.OpenGenerationAsync($"{projection.Name}-{++count}", migrations, cancellationToken);
        foreach (var batch in batches)
        {
            await generation.WriteAsync(
                async transaction =>
                {
                    await projection.ApplyAsync(transaction, batch);
                    return true;
                },
                cancellationToken);
        }

        return generation;
    }

    /// <summary>Every value of every column of a table, in the order of its key.</summary>
    public static async Task<List<string>> DumpAsync(IStore generation, string table)
    {
        await using var db = await generation.OpenReadAsync(TestContext.Current.CancellationToken);
        using var reader = await db.ExecuteReaderAsync($"SELECT * FROM {table} ORDER BY 1, 2");
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount)
                .Select(column => $"{reader.GetName(column)}={(reader.IsDBNull(column) ? "∅" : Convert.ToString(reader.GetValue(column), CultureInfo.InvariantCulture))}")));
        }

        return rows;
    }

    /// <summary>Folds in at least 20 seeded interleavings and batchings, and compares the tables' whole contents with those of a fold partition by partition, backwards.</summary>
    public async Task ShouldNotDependOnTheInterleavingAsync(EventHistory history, params string[] tables)
    {
        var expected = await FoldAsync(history.PartitionsBackwards());
        foreach (var table in tables)
        {
            (await DumpAsync(expected, table)).ShouldNotBeEmpty();
        }

        for (var seed = 1; seed <= 24; seed++)
        {
            var folded = await FoldAsync(history.Interleave(seed));
            foreach (var table in tables)
            {
                (await DumpAsync(folded, table)).ShouldBe(await DumpAsync(expected, table), $"{table}, seed {seed}");
            }
        }
    }
}
