using System.Diagnostics;
using FlowPlatform.Benchmarks.Measuring;
using FlowPlatform.Benchmarks.Running;
using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace FlowPlatform.Benchmarks.Scenarios;

/// <summary>What exactly-once costs: a projection that catches up from the broker, with checkpoint and all, against a loop that does the same upserts on events that it has in memory, without.</summary>
internal sealed class Applying(string kind, int count, int slowCount) : Scenario(
    $"apply-{kind}",
    $"An upsert per event into a table of 1,000 products, 2,000 events a transaction, each event read from JSON. The loop has its events in memory, prepared statements and no checkpoint; the projections read theirs from the broker, three partitions, and commit checkpoint and rows together. Store: {kind}.")
{
    private const int Transaction = 2_000;

    public override async Task<Result> RunAsync(Bench bench)
    {
        await using var log = bench.OpenLog();
        var (few, many) = (bench.Count(slowCount), bench.Count(count));
        var stream = await bench.CreateStreamAsync(log, "apply", 3);
        await Sales.FillAsync(log, stream, few);
        var longer = await bench.CreateStreamAsync(log, "apply-fold", 3);
        await Sales.FillAsync(log, longer, many);
        IReadOnlyList<ReadOnlyMemory<byte>> events = [.. Sales.Of(few).Select(sold => (ReadOnlyMemory<byte>)FlowJson.Serialize(sold))];
        List<Variant> variants =
        [
            new("loop, no checkpoint", () => kind == "sqlite" ? SqliteLoopAsync(events) : PostgresLoopAsync(bench, events, batched: false)),
            new("projection, a statement per event", () => CatchUpAsync<SalesOneByOne>(bench, stream, few)),
            new("projection, a fold by key", () => CatchUpAsync<SalesFolded>(bench, longer, many)),
            new("projection without a table", () => CatchUpAsync<Nothing>(bench, longer, many)),
        ];
        if (kind == "postgres")
        {
            variants.Insert(1, new("loop, no checkpoint, one NpgsqlBatch a transaction", () => PostgresLoopAsync(bench, events, batched: true)));
        }

        return await MeasureAsync(bench, variants);
    }

    private async Task<IReadOnlyList<Sample>> CatchUpAsync<TProjection>(Bench bench, StreamDefinition stream, int events)
        where TProjection : Projection
    {
        var progress = new CatchUp(events);
        await using var service = await BenchService.StartAsync(bench, kind, progress.Tap(bench.OpenLog()), flow => flow.Projection<TProjection>(stream.Name));
        return [new("apply", "events/s", await progress.RateAsync())];
    }

    private static async Task<IReadOnlyList<Sample>> SqliteLoopAsync(IReadOnlyList<ReadOnlyMemory<byte>> events)
    {
        using var directory = new TemporaryDirectory();
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(directory.Path, "loop.db")};Pooling=False");
        await connection.OpenAsync();

        // As the platform's own stores are set.
        await ExecuteAsync(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 20000; PRAGMA cache_size = -32000");
        await ExecuteAsync(connection, "CREATE TABLE sales (product TEXT PRIMARY KEY, quantity INTEGER NOT NULL, amount INTEGER NOT NULL) STRICT");
        await using var upsert = new SqliteCommand(SalesOneByOne.Upsert, connection);
        var product = upsert.Parameters.Add("@Product", SqliteType.Text);
        var quantity = upsert.Parameters.Add("@Quantity", SqliteType.Integer);
        var amount = upsert.Parameters.Add("@Amount", SqliteType.Integer);
        var started = Stopwatch.GetTimestamp();
        foreach (var chunk in events.Chunk(Transaction))
        {
            await ExecuteAsync(connection, "BEGIN IMMEDIATE");
            foreach (var data in chunk)
            {
                var sold = (Sold)FlowJson.Deserialize(data.Span, typeof(Sold));
                (product.Value, quantity.Value, amount.Value) = (sold.Product, sold.Quantity, (long)(sold.Amount * 10_000));
                await upsert.ExecuteNonQueryAsync();
            }

            await ExecuteAsync(connection, "COMMIT");
        }

        return [new("apply", "events/s", events.Count / Stopwatch.GetElapsedTime(started).TotalSeconds)];
    }

    private static async Task<IReadOnlyList<Sample>> PostgresLoopAsync(Bench bench, IReadOnlyList<ReadOnlyMemory<byte>> events, bool batched)
    {
        await using var database = await bench.CreateDatabaseAsync();
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false, MaxAutoPrepare = 10, AutoPrepareMinUsages = 1, GssEncryptionMode = GssEncryptionMode.Disable }.ConnectionString);
        await connection.OpenAsync();
        await using (var create = new NpgsqlCommand("CREATE TABLE sales (product text PRIMARY KEY, quantity bigint NOT NULL, amount numeric NOT NULL)", connection))
        {
            await create.ExecuteNonQueryAsync();
        }

        var upsert = SalesOneByOne.Upsert.Replace("@Product", "$1", StringComparison.Ordinal).Replace("@Quantity", "$2", StringComparison.Ordinal).Replace("@Amount", "$3", StringComparison.Ordinal);
        var started = Stopwatch.GetTimestamp();
        foreach (var chunk in events.Chunk(Transaction))
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await using var batch = connection.CreateBatch();
            foreach (var data in chunk)
            {
                var sold = (Sold)FlowJson.Deserialize(data.Span, typeof(Sold));
                batch.BatchCommands.Add(new NpgsqlBatchCommand(upsert)
                {
                    Parameters = { new NpgsqlParameter<string> { TypedValue = sold.Product }, new NpgsqlParameter<long> { TypedValue = sold.Quantity }, new NpgsqlParameter<decimal> { TypedValue = sold.Amount } },
                });
                if (!batched)
                {
                    await batch.ExecuteNonQueryAsync();
                    batch.BatchCommands.Clear();
                }
            }

            if (batched)
            {
                await batch.ExecuteNonQueryAsync();
            }

            await transaction.CommitAsync();
        }

        return [new("apply", "events/s", events.Count / Stopwatch.GetElapsedTime(started).TotalSeconds)];
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using var command = new SqliteCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
