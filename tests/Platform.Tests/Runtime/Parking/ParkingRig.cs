using Dapper;
using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Storage.Postgres;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace FlowPlatform.Tests.Runtime.Parking;

/// <summary>One consumer on its real store, driven by hand: batch by batch, request by request. Opened again over the same directory it is the process after a restart.</summary>
internal sealed class ParkingRig : IAsyncDisposable
{
    private readonly IServiceStore opened;
    private readonly Consumer consumer;
    private readonly IServiceStore main;
    private readonly IStore store;
    private readonly BatchApplier applier;
    private readonly ParkedRequests requests;
    private readonly Crash crash;
    private readonly IStore own;
    private bool joined;

    private ParkingRig(IServiceStore opened, IStore own, Consumer consumer, IReadOnlyList<CheckpointState> states, Crash crash)
    {
        this.opened = opened;
        this.own = own;
        this.consumer = consumer;
        this.crash = crash;
        main = new CrashingServiceStore(opened, crash);
        store = own == opened ? main : new CrashingStore(own, crash);
        applier = new BatchApplier(consumer, store, TimeProvider.System);
        requests = new ParkedRequests(consumer, store, main, TimeProvider.System, NullLogger.Instance, applier);
        Cursors = [.. states.Select(state => new PartitionCursor(state))];
    }

    public IStore Store => store;

    public IServiceStore Main => main;

    public IReadOnlyList<PartitionCursor> Cursors { get; }

    private CancellationToken Cancel => crash.Token;

    /// <summary>Opens the stores and attaches to partitions 0 and 1 of <c>accounts</c>.</summary>
    /// <param name="place">A directory, or the connection string of a Postgres database.</param>
    /// <param name="consumer">The consumer.</param>
    /// <param name="crash">When it ends; default: never.</param>
    public static async Task<ParkingRig> OpenAsync(string place, Consumer consumer, Crash? crash = null)
    {
        var published = new PublishedStreams("bank");
        published.Add(typeof(ThanksEvent), new StreamDefinition("thanks", 1));
        IServiceStore main = place.Contains("Host=", StringComparison.OrdinalIgnoreCase)
            ? new PostgresServiceStore(place, typeof(ParkingRig).Assembly, published, TimeProvider.System)
            : new SqliteServiceStore(place, typeof(ParkingRig).Assembly, published, TimeProvider.System);
        await main.OpenAsync(CancellationToken.None);
        var own = consumer is Projection ? await main.OpenGenerationAsync(consumer.Name, EmbeddedMigrations.Of(consumer.GetType().Assembly, consumer.Name, main.Kind), CancellationToken.None) : main;
        await SkipDiscardedAsync(main, own, consumer);
        var states = await own.Checkpoints.LoadAsync(consumer.Name, CancellationToken.None);
        if (states.Count == 0)
        {
            foreach (var index in new[] { 0, 1 })
            {
                var checkpoint = new Checkpoint { Consumer = consumer.Name, Partition = new PartitionId("accounts", index), Partitions = 2 };
                await WriteAsync(own, async transaction => await own.Checkpoints.CreateAsync(transaction, checkpoint));
            }

            states = await own.Checkpoints.LoadAsync(consumer.Name, CancellationToken.None);
        }

        return new ParkingRig(main, own, consumer, states, crash ?? Crash.Never);
    }

    /// <summary>Another owner over the same open stores: the other keeps its memory of how it was.</summary>
    public static async Task<ParkingRig> JoinAsync(ParkingRig other, Consumer consumer)
    {
        var states = await other.store.Checkpoints.LoadAsync(consumer.Name, CancellationToken.None);
        return new ParkingRig(other.opened, other.own, consumer, states, Crash.Never) { joined = true };
    }

    /// <summary>Delivers records as one batch, in one or more transactions. Those that it has already are dropped by the mark, as after a reconnect.</summary>
    public async Task GiveAsync(params LogRecord[] records)
    {
        var items = records.GroupBy(record => record.Partition).Select(group => new FeedItem(Cursors.Single(cursor => cursor.Partition == group.Key), new LogBatch(group.Key, [.. group], null))).ToList();
        while (items.Exists(item => !item.Exhausted))
        {
            await ServeOneAsync();
            var taken = new List<LogRecord>();
            applier.Begin();
            items.ForEach(item => applier.Take(item, taken));
            await applier.CommitAsync(taken, Cancel);
            applier.End();
        }
    }

    public async Task RequestAsync(ParkingVerb verb, string key, string? eventId = null)
    {
        foreach (var parked in await store.Parking!.ReadKeysAsync(new ParkedKeyQuery(consumer.Name, 100) { Key = key }, Cancel))
        {
            var request = new ParkingRequest(Guid.NewGuid().ToString(), verb, "ann", "as it is", TimeProvider.System.GetUtcNow(), eventId);
            await store.WriteAsync(transaction => store.Parking!.RequestAsync(transaction, parked.Place, request), Cancel);
        }

        store.Parking!.Requested.Signal();
    }

    /// <summary>It is suspended, once, when it has read a request and not yet the events; meanwhile this happens.</summary>
    public void SuspendBeforeEvents(Func<Task> meanwhile) => ((CrashingStore)store).BeforeEvents = meanwhile;

    /// <summary>Executes what is requested.</summary>
    public async Task ServeAsync()
    {
        do
        {
            store.Parking!.Requested.Signal();
            await ServeOneAsync();
        }
        while ((await store.Parking!.ReadRequestsAsync(consumer.Name, CancellationToken.None)).Count > 0);
    }

    private async Task ServeOneAsync()
    {
        if (Cursors.Any(cursor => cursor.Parked.Any) && requests.IsDue(Cursors))
        {
            await requests.ServeAsync(Cursors, Cancel);
        }
    }

    public async Task<IReadOnlyList<ParkedKey>> KeysAsync() => await store.Parking!.ReadKeysAsync(new ParkedKeyQuery(consumer.Name, 100), CancellationToken.None);

    public async Task<IReadOnlyList<string>> EventsAsync(string key) =>
        [.. (await store.Parking!.ReadEventsAsync((await KeysAsync()).Single(parked => parked.Place.Key == key).Place, 0, 100, CancellationToken.None)).Select(parked => parked.Record.Event.Id)];

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql)
    {
        await using var connection = await store.OpenReadAsync(CancellationToken.None);
        return (await connection.QueryAsync<T>(sql)).AsList();
    }

    public async Task<IReadOnlyList<T>> QueryMainAsync<T>(string sql)
    {
        await using var connection = await main.OpenReadAsync(CancellationToken.None);
        return (await connection.QueryAsync<T>(sql)).AsList();
    }

    public ValueTask DisposeAsync() => joined ? ValueTask.CompletedTask : opened.DisposeAsync();

    private static async Task SkipDiscardedAsync(IServiceStore main, IStore own, Consumer consumer)
    {
        var discarded = await main.Discards!.ReadAsync(consumer.Name, CancellationToken.None);
        await WriteAsync(own, transaction => own.Parking!.SkipAsync(transaction, consumer.Name, discarded));
    }

    private static Task WriteAsync(IStore store, Func<StoreTransaction, ValueTask> work) => store.WriteAsync(
        async transaction =>
        {
            await work(transaction);
            return true;
        },
        CancellationToken.None);
}
