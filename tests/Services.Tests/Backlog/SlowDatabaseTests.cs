using Contracts;
using Contracts.Http;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using FlowPlatform.Tests.Support;
using Insights;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Services.Tests.Backlog;

/// <summary>Two services with the same projection of the same stream, in one process; the database of one of them takes nothing while the stream grows by 300,000 events.</summary>
public sealed class SlowDatabaseTests : IAsyncLifetime
{
    private const int Partitions = 3;
    private const int EventsPerPartition = 100_000;
    private const int EventsPerAppend = 1_000;

    /// <summary>The default of both logs.</summary>
    private const int Credit = 10;

    /// <summary>What is held decoded is at most 30 batches of 1,000 events, 1 KB each; the backlog as a whole would be over 300 MB.</summary>
    private const long MostGrowth = 120 * 1024 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly TemporaryDirectory directory = new();
    private readonly List<WebApplication> apps = [];
    private PrivateBroker? broker;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var app in apps)
        {
            await app.StopAsync(CancellationToken.None);
            await app.DisposeAsync();
        }

        if (broker is not null)
        {
            await broker.DisposeAsync();
        }

        directory.Dispose();
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("rabbitmq")]
    public async Task A_database_that_takes_nothing_holds_its_own_consumer_up_which_holds_no_more_than_its_credit_and_nobody_else(string kind)
    {
        if (kind == "rabbitmq")
        {
            broker = await PrivateBroker.StartAsync(new PrivateBrokerOptions { DataDirectory = Path.Combine(directory.Path, "broker") }, null, Cancellation);
        }

        var (slowHeld, otherHeld) = (new HeldBatches(), new HeldBatches());
        var slow = await StartAsync("slow", slowHeld);
        var other = await StartAsync("other", otherHeld);
        var log = slow.Services.GetRequiredService<IEventLog>();
        await log.EnsureStreamAsync(new StreamDefinition("payments", Partitions), Cancellation);
        await log.EnsureStreamAsync(new StreamDefinition("orders", Partitions), Cancellation);
        await AppendAsync(log, EventsPerAppend, from: 1);
        await HasRevenueOfAsync(slow, EventsPerAppend);
        await HasRevenueOfAsync(other, EventsPerAppend);

        await using (await LockAsync("slow"))
        {
            var before = GC.GetTotalMemory(forceFullCollection: true);
            await AppendAsync(log, EventsPerPartition - EventsPerAppend, from: EventsPerAppend + 1);
            await HasRevenueOfAsync(other, EventsPerPartition);
            await Eventually.ThatAsync(
                "the slow one's credit is used up in every partition",
                () => Task.FromResult(string.Join(", ", PartitionIds.Select(slowHeld.Of))),
                held => held == string.Join(", ", Enumerable.Repeat(Credit, Partitions)),
                Limit);
            await Eventually.ThatAsync("the slow one says why it waits", async () => (await StatusAsync(slow)).Consumers.Any(row => row is { Stream: "orders", State: "unavailable" }));

            slowHeld.Events.ShouldBeLessThanOrEqualTo(Partitions * Credit * slowHeld.Largest);
            (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(MostGrowth);
            (await StatusAsync(slow)).Consumers.Where(row => row.Stream == "orders").Sum(row => row.Position).ShouldBeLessThan(Partitions * EventsPerPartition);
        }

        await HasRevenueOfAsync(slow, EventsPerPartition);
        slowHeld.Most.ShouldBeLessThanOrEqualTo(Credit);
        otherHeld.Most.ShouldBeLessThanOrEqualTo(Credit);
    }

    private static IEnumerable<PartitionId> PartitionIds => Enumerable.Range(0, Partitions).Select(index => new PartitionId("orders", index));

    private static async Task AppendAsync(IEventLog log, int count, int from)
    {
        foreach (var partition in PartitionIds)
        {
            await using var writer = await log.OpenWriterAsync(partition, "orders/1", Cancellation);
            for (var next = from; next < from + count; next += EventsPerAppend)
            {
                await writer.AppendAsync([.. Enumerable.Range(next, EventsPerAppend).Select(sequence => Placed(partition, sequence))], Cancellation);
            }
        }
    }

    private static EventEnvelope Placed(PartitionId partition, int sequence)
    {
        var id = $"{partition.Index}/{sequence}";
        return new EventEnvelope
        {
            Id = id, Type = "orders.placed.v1", Source = "orders", Key = id, Time = Noon, CommittedAt = Noon, Producer = "orders/1", Sequence = sequence,
            Data = FlowJson.Serialize(new OrderPlaced(id, null, "France", [new OrderLine("85123A", 1, 1.25m)])),
        };
    }

    private static Task<FlowStatus> StatusAsync(WebApplication app) => app.Services.GetRequiredService<FlowMonitor>().GetStatusAsync(Cancellation);

    /// <summary>Every event once, of so many in each partition.</summary>
    private static Task HasRevenueOfAsync(WebApplication app, int events) => Eventually.ThatAsync(
        $"the revenue is of {events:N0} orders in each partition",
        async () =>
        {
            await using var db = await app.Services.GetRequiredService<ProjectionReader<Revenue>>().OpenAsync(Cancellation);
            var totals = (await RevenueEndpoint.ReadAsync(db, new RevenueQuery("day", null, null))).Totals;
            return (totals.Orders, totals.Gross);
        },
        totals => totals == (Partitions * (long)events, Partitions * events * 1.25m),
        Limit);

    private async Task<WebApplication> StartAsync(string name, HeldBatches held)
    {
        var app = InsightsApp.Build(
            [
                $"--FLOW_DATA={Path.Combine(directory.Path, name)}", "--urls=http://127.0.0.1:0", "--environment=Production",
                .. broker is { } rabbit
                    ? (string[])[$"--ConnectionStrings:rabbitmq={rabbit.AmqpUri}", $"--ConnectionStrings:rabbitmq-stream={rabbit.StreamUri}"]
                    : [$"--ConnectionStrings:embedded-log={Path.Combine(directory.Path, "log")}"],
            ],
            flow =>
            {
                flow.UseStore(typeof(InsightsApp).Assembly).UseRabbitMq();
                held.Watch(flow);
                flow.Services.AddLogging(logging => logging.ClearProviders());
            });
        apps.Add(app);
        await app.StartAsync(Cancellation);
        return app;
    }

    /// <summary>Somebody else holds the projection's database, as a backup would.</summary>
    private async Task<SqliteConnection> LockAsync(string name)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(directory.Path, name, "revenue.g1.db")};Pooling=False");
        await connection.OpenAsync(Cancellation);
        connection.BeginTransaction(deferred: false);
        return connection;
    }
}
