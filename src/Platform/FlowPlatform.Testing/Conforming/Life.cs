using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace FlowPlatform.Testing.Conforming;

/// <summary>
/// One process's life of a projection: its consumer's own transactions, checkpoints and parking over a file that outlives it, a step at a time. Starting another on the same file is a restart. Used by one caller.
/// </summary>
internal sealed class Life : IAsyncDisposable
{
    private readonly CancellationTokenSource life;
    private readonly SqliteStore file;
    private readonly CrashingStore store;
    private readonly BatchApplier applier;
    private readonly ParkedRequests requests;
    private readonly TimeProvider clock;
    private readonly Dictionary<PartitionId, PartitionCursor> cursors = [];

    private Life(Subject subject, string path)
    {
        clock = subject.Clock;
        life = CancellationTokenSource.CreateLinkedTokenSource(TestRun.Cancellation());
        Projection = new ProbedProjection(subject.Create(), subject.Types);
        file = new SqliteStore(path, durable: false, clock, scratch: true);
        store = new CrashingStore(file, life);
        applier = new BatchApplier(Projection, store, clock);
        requests = new ParkedRequests(Projection, store, subject.Main, clock, NullLogger.Instance, applier);
    }

    /// <summary>The projection.</summary>
    public ProbedProjection Projection { get; }

    /// <summary>Its rows.</summary>
    public IStore Store => file;

    /// <summary>Why an event was parked last; null if nothing is parked.</summary>
    public PoisonEventException? Parked => cursors.Values.Select(cursor => cursor.Parked).FirstOrDefault(parked => parked.Any)?.LastFailure;

    /// <summary>Keys that are parked.</summary>
    public int ParkedKeys => cursors.Values.Sum(cursor => cursor.Parked.Total.Keys);

    public static async Task<Life> StartAsync(Subject subject, string path)
    {
        var started = new Life(subject, path);
        try
        {
            await started.StartAsync(subject);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes records as its readers deliver them, in as few transactions as it would; what it had is dropped.</summary>
    public async Task ApplyAsync(IReadOnlyList<LogRecord> records)
    {
        var taken = new List<LogRecord>();
        applier.Begin();
        foreach (var run in Runs(records))
        {
            var item = new FeedItem(cursors[run[0].Partition], new LogBatch(run[0].Partition, run, null));
            while (!applier.Take(item, taken))
            {
                await CommitAsync(taken);
                if (item.Exhausted)
                {
                    break;
                }
            }
        }

        await CommitAsync(taken);
        applier.End();
    }

    /// <summary>The same, and the process ends in the middle. Nothing can be done with it then but start another.</summary>
    public async Task CrashAsync(Crash where, IReadOnlyList<LogRecord> records)
    {
        store.Next = where;
        try
        {
            await ApplyAsync(records);
        }
        catch (OperationCanceledException) when (life.IsCancellationRequested && !TestRun.Cancellation().IsCancellationRequested)
        {
        }
    }

    /// <summary>Applies what is parked once more, as an operator would ask for.</summary>
    public async Task RedriveAsync(LogRecord poison)
    {
        var request = new ParkingRequest(Guid.NewGuid().ToString(), ParkingVerb.Redrive, "conformance", null, clock.GetUtcNow());
        await file.WriteAsync(transaction => file.Parking.RequestAsync(transaction, new ParkedPlace(Projection.Name, poison.Partition, poison.Event.Key), request), life.Token);
        await ServeAsync();
    }

    /// <summary>Ends without a word to anybody, as a process does.</summary>
    public async ValueTask DisposeAsync()
    {
        await file.DisposeAsync();
        life.Dispose();
    }

    private static IEnumerable<List<LogRecord>> Runs(IReadOnlyList<LogRecord> records)
    {
        List<LogRecord> run = [];
        foreach (var record in records)
        {
            // Offsets ascend within what a reader hands over; what comes again comes from another reader.
            if (run.Count > 0 && (run[^1].Partition != record.Partition || run[^1].Offset >= record.Offset))
            {
                yield return run;
                run = [];
            }

            run.Add(record);
        }

        if (run.Count > 0)
        {
            yield return run;
        }
    }

    private async Task StartAsync(Subject subject)
    {
        await file.OpenAsync(
            [("flow-consumer", EmbeddedMigrations.Of(typeof(SqliteStore).Assembly, "flow-consumer")), (subject.Name, subject.Migrations)], null, null, life.Token);
        foreach (var state in await file.Checkpoints.LoadAsync(Projection.Name, life.Token))
        {
            cursors.Add(state.Checkpoint.Partition, new PartitionCursor(state));
        }

        if (cursors.Count == 0)
        {
            await file.WriteAsync(
                async transaction =>
                {
                    foreach (var partition in subject.Partitions)
                    {
                        var fresh = new Checkpoint { Consumer = Projection.Name, Partition = partition, Partitions = subject.Partitions.Max(known => known.Index) + 1 };
                        cursors.Add(partition, new PartitionCursor(await file.Checkpoints.CreateAsync(transaction, fresh)));
                    }

                    return true;
                },
                life.Token);
        }

        await ServeAsync();
    }

    private async Task ServeAsync()
    {
        do
        {
            await requests.ServeAsync(cursors.Values, life.Token);
        }
        while (cursors.Values.Any(cursor => !cursor.Parked.Served));
    }

    private async Task CommitAsync(List<LogRecord> taken)
    {
        await applier.CommitAsync(taken, life.Token);
        taken.Clear();
        applier.Begin();
    }
}
