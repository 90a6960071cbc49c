using System.Collections.Concurrent;
using Dapper;
using FlowPlatform.Consumers;
using FlowPlatform.Consumers.Sharing;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Runtime;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.Tests.Sharing;

/// <summary>Replicas of one projection (<see cref="Totals"/>) and one serial reactor in one process, on one store, with leases in memory. Events are appended by the test.</summary>
internal sealed class SharedBank : IAsyncDisposable
{
    public const int Partitions = 6;
    private readonly TemporaryDirectory directory = new();
    private readonly SqliteServiceStore main;
    private readonly ConcurrentDictionary<PartitionId, IPartitionWriter> writers = new();
    private readonly Dictionary<PartitionId, long> sequences = [];
    private readonly List<SharedReplica> replicas = [];

    private SharedBank(PublishedStreams published)
    {
        Leases = new MemoryLeases(Clock, new LeaseSettings(TimeSpan.FromMinutes(10)));
        main = new SqliteServiceStore(directory.Path, typeof(SharedBank).Assembly, published, TimeProvider.System);
    }

    /// <summary>The database's.</summary>
    public VirtualClock Clock { get; } = new(Envelopes.Time);

    public MemoryLeases Leases { get; }

    public MemoryEventLog Log { get; } = new();

    public IStore Store => main;

    public IStore Projection { get; private set; } = null!;

    public static async Task<SharedBank> OpenAsync()
    {
        var published = new PublishedStreams("bank");
        published.Add(typeof(ThanksEvent), new StreamDefinition("thanks", 2));
        var bank = new SharedBank(published);
        await bank.main.OpenAsync(TestContext.Current.CancellationToken);
        bank.Projection = await bank.main.OpenGenerationAsync("totals", EmbeddedMigrations.Of(typeof(SharedBank).Assembly, "totals"), TestContext.Current.CancellationToken);
        await bank.Log.EnsureStreamAsync(new StreamDefinition("accounts", Partitions), TestContext.Current.CancellationToken);
        return bank;
    }

    /// <summary>Starts a replica.</summary>
    /// <param name="clock">Its own; default: the database's.</param>
    /// <param name="totals">Its projection; default: one that parks what it can't apply.</param>
    public SharedReplica Start(TimeProvider? clock = null, Totals? totals = null)
    {
        var replica = new SharedReplica(this, $"replica-{replicas.Count}", clock ?? Clock, totals ?? new Totals());
        replicas.Add(replica);
        return replica;
    }

    /// <summary>Appends events, of 1 each, to a partition; the account is the partition's name.</summary>
    public async Task AppendAsync(int partition, int count)
    {
        var id = new PartitionId("accounts", partition);
        if (!writers.TryGetValue(id, out var writer))
        {
            writer = writers[id] = await Log.OpenWriterAsync(id, "bank/1", TestContext.Current.CancellationToken);
        }

        var from = sequences.GetValueOrDefault(id);
        sequences[id] = from + count;
        await writer.AppendAsync([.. Enumerable.Range(1, count).Select(number => Envelopes.PaidIn($"{id}/{from + number}", from + number, account: id.Name))], TestContext.Current.CancellationToken);
    }

    /// <summary>Everything that was appended is applied, and committed as such.</summary>
    public Task HasAppliedAllAsync() => Eventually.ThatAsync(
        "every mark in the database is at the end, and every event is in the sums once",
        async () => (Marks: await MarksAsync(), Sums: await SumsAsync()),
        read => sequences.All(pair => read.Marks.GetValueOrDefault(pair.Key) == pair.Value && read.Sums.GetValueOrDefault(pair.Key.Name) == pair.Value));

    public async Task<Dictionary<PartitionId, long>> MarksAsync() =>
        (await Projection.Checkpoints.LoadAsync("totals", TestContext.Current.CancellationToken)).ToDictionary(state => state.Checkpoint.Partition, state => state.Checkpoint.Mark);

    public async Task<Dictionary<string, long>> SumsAsync()
    {
        await using var connection = await Projection.OpenReadAsync(TestContext.Current.CancellationToken);
        return (await connection.QueryAsync<(string Account, long Events)>("SELECT account, events FROM total")).ToDictionary(row => row.Account, row => row.Events);
    }

    /// <summary>The living own every partition of the projection, as evenly as can be.</summary>
    public Task IsSharedByAsync(params SharedReplica[] living) => Eventually.ThatAsync(
        $"{Partitions} partitions are read by {living.Length} replicas, and by nobody else",
        () => Task.FromResult(replicas.Select(replica => (replica.Name, Own: replica.Own.Order().ToList())).ToList()),
        read => read.SelectMany(row => row.Own).Order().SequenceEqual(Enumerable.Range(0, Partitions))
            && living.All(replica => read.Single(row => row.Name == replica.Name).Own.Count is var count && count >= Partitions / living.Length && count <= (Partitions + living.Length - 1) / living.Length));

    public Task IsReadByNobodyAsync() => Eventually.ThatAsync("no replica reads anything", () => replicas.All(replica => replica.Own.Count == 0 && replica.OwnOfReactor == 0));

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in replicas)
        {
            await replica.DisposeAsync();
        }

        await main.DisposeAsync();
        directory.Dispose();
    }
}
