using System.Data.Common;
using System.Text;
using Dapper;
using FlowPlatform.Log;
using FlowPlatform.Orchestration.Postgres;
using FlowPlatform.Storage.EmbeddedLog;
using FlowPlatform.Tests.Storage.Postgres;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace FlowPlatform.Tests.Sharing;

/// <summary>A service that is asked to stop while a transaction of it goes no further: a process on an embedded log, to which the test appends payments of 1, and one of 0 at which a consumer hangs.</summary>
public sealed class StopProcessTests(PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly PartitionId Payments = new("payments", 0);
    private static readonly DateTimeOffset Time = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>For a process that would live for ever; what a stop is allowed (1 s for the batch, 1 s to abandon it, 2 s to leave) is well below it.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly TemporaryDirectory directory = new();
    private readonly List<BankProcess> processes = [];
    private TestDatabase database = null!;
    private CuttingProxy proxy = null!;
    private EmbeddedEventLog log = null!;
    private IPartitionWriter writer = null!;
    private string store = "sqlite";
    private long paid;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string LogDirectory => Path.Combine(directory.Path, "log");

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync();
        proxy = new CuttingProxy(database.ConnectionString);
        log = new EmbeddedEventLog(LogDirectory, TimeProvider.System, new EmbeddedEventLogOptions());
        await log.EnsureStreamAsync(new StreamDefinition(Payments.Stream, 1), Cancel);
        writer = await log.OpenWriterAsync(Payments, "payments/1", Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }

        await writer.DisposeAsync();
        await log.DisposeAsync();
        await proxy.DisposeAsync();
        await database.DisposeAsync();
        directory.Dispose();
    }

    [Theory]
    [InlineData("sqlite", "sums")]
    [InlineData("sqlite", "thanker")]
    [InlineData("postgres", "sums")]
    [InlineData("postgres", "thanker")]
    public async Task A_handler_that_hangs_is_abandoned_at_the_stop_and_its_batch_is_applied_once_after_the_next_start(string kind, string consumer)
    {
        store = kind;
        var bank = await StartAsync(hangs: consumer);
        await PayAsync(20);
        await IsFoldedAsync();
        await PayAsync(1, amount: 0);
        await PayAsync(5);
        await Eventually.ThatAsync("the handler hangs", () => bank.Output.Contains($"{consumer} hangs", StringComparison.Ordinal));

        (await bank.EndAsync("TERM", Limit)).ShouldBe(0, bank.Output);

        // Others of the same database may be waiting for what the hanging one holds, and are named with it.
        bank.Output.ShouldMatch($@"\b{consumer}\b[a-z, -]* did not end in time and is abandoned");
        (consumer == "sums" ? (await ReadAsync()).Applied : (await ReadAsync()).Thanks).ShouldBe(20);
        await StartAsync();
        await IsFoldedAsync();
    }

    [Fact]
    public async Task A_database_that_does_not_answer_does_not_hold_the_stop_up_and_nothing_is_half_applied()
    {
        store = "postgres";
        var bank = await StartAsync();
        await PayAsync(20);
        await IsFoldedAsync();
        proxy.KeepAnswersBack();
        await PayAsync(20);

        (await bank.EndAsync("TERM", Limit)).ShouldBe(0, bank.Output);

        var read = await ReadAsync();
        read.Summed.ShouldBe(read.Applied);
        proxy.Cut();
        await StartAsync();
        await IsFoldedAsync();
    }

    private async Task<BankProcess> StartAsync(string? hangs = null)
    {
        var process = BankProcess.Start(new Dictionary<string, string?>
        {
            ["FLOW_DATA"] = Path.Combine(directory.Path, "bank"),
            ["ConnectionStrings__bank-db"] = store == "postgres" ? proxy.ConnectionString : null,
            ["ConnectionStrings__embedded-log"] = LogDirectory,
            ["FLOW_STOP_TIMEOUT"] = "1",
            ["BANK_HANGS"] = hangs,
        });
        processes.Add(process);
        await process.HasStartedAsync();
        return process;
    }

    private async Task PayAsync(int count, long amount = 1)
    {
        List<EventEnvelope> events = [];
        for (var number = 0; number < count; number++)
        {
            var sequence = ++paid;
            events.Add(new EventEnvelope
            {
                Id = $"{sequence}", Type = "payments.paid.v1", Source = "payments", Key = "a", Time = Time, CommittedAt = Time, Producer = "payments/1", Sequence = sequence,
                Data = Encoding.UTF8.GetBytes($$"""{"account":"a","amount":{{amount}}}"""),
            });
        }

        await writer.AppendAsync(events, Cancel);
    }

    private Task IsFoldedAsync() => Eventually.ThatAsync($"{paid} payments are applied, summed, thanked for and counted, each once", ReadAsync, read => read == new Read(paid, paid, paid, paid), Limit);

    /// <summary>What is committed, read past the proxy.</summary>
    private async Task<Read> ReadAsync()
    {
        try
        {
            return new Read(
                await ReadAsync("sums", "SELECT count(*) FROM applied"),
                await ReadAsync("sums", "SELECT coalesce(sum(events), 0) FROM sum"),
                await ReadAsync("main", "SELECT count(*) FROM thanks"),
                await ReadAsync("main", "SELECT coalesce(sum(payments), 0) FROM payer"));
        }
        catch (Exception early) when (early is SqliteException or PostgresException)
        {
            return new Read(0, 0, 0, 0); // not migrated yet
        }
    }

    private async Task<long> ReadAsync(string schema, string sql)
    {
        await using DbConnection connection = store == "postgres"
            ? new NpgsqlConnection($"{database.ConnectionString};Search Path={(schema == "sums" ? "sums_g1" : schema)};Pooling=false")
            : new SqliteConnection($"Data Source={Path.Combine(directory.Path, "bank", schema == "sums" ? "sums.g1.db" : "main.db")};Mode=ReadOnly;Pooling=False");
        return await connection.QuerySingleAsync<long>(sql);
    }

    private sealed record Read(long Applied, long Summed, long Thanks, long Counted);
}
