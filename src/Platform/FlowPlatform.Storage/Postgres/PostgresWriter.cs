using FlowPlatform.Stores;

namespace FlowPlatform.Storage.Postgres;

/// <summary>
/// Writes to one schema. Units without keys are serial with everything in it, in all replicas: they share the store's advisory lock with nobody. Units with keys share it with each other, and
/// take one lock per key. Those that wait at the same time commit as one group, each on a savepoint, for at most 20 ms (no linger). Safe for concurrent use.
/// </summary>
internal sealed class PostgresWriter : IAsyncDisposable
{
    /// <summary>Groups of units with keys that may run at the same time. More would only wait for each other: their sequences are taken one after the other (rule P6).</summary>
    public const int KeyedLanes = 4;

    /// <summary>Postgres keeps the numbers of 64 open subtransactions at hand; with more of them every other transaction looks them up on disk pages.</summary>
    private const int MaxUnits = 50;
    private static readonly TimeSpan GroupTime = TimeSpan.FromMilliseconds(20);
    private readonly PostgresSources sources;
    private readonly PublishedStreams? published;
    private readonly PostgresOutboxWriter? outbox;
    private readonly TimeProvider clock;
    private readonly WorkQueue serial;
    private readonly WorkQueue keyed;

    public PostgresWriter(PostgresSources sources, PublishedStreams? published, PostgresOutboxWriter? outbox, TimeProvider clock)
    {
        this.sources = sources;
        this.published = published;
        this.outbox = outbox;
        this.clock = clock;
        serial = new WorkQueue(lanes: 1, RunSerialAsync);
        keyed = new WorkQueue(KeyedLanes, RunKeyedAsync);
    }

    public Task<T> WriteAsync<T>(Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) =>
        serial.RunAsync(new WorkUnit<T>(work, cancellationToken), cancellationToken);

    public Task<T> WriteAsync<T>(IReadOnlyCollection<string> keys, Func<StoreTransaction, ValueTask<T>> work, CancellationToken cancellationToken) =>
        keyed.RunAsync(new WorkUnit<T>(work, cancellationToken) { Keys = keys }, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        // A group that hangs ends with the process: the server rolls it back.
        await Task.WhenAll(serial.CloseAsync(), keyed.CloseAsync());
    }

    private async Task RunSerialAsync(WorkUnit first, WorkQueue queue)
    {
        await using var group = NewGroup();
        if (!await group.BeginAsync([first], null))
        {
            return;
        }

        var started = clock.GetTimestamp();
        for (var unit = first; unit is not null; unit = MayGoOn(group, started) ? queue.TryTake() : null)
        {
            await group.RunAsync(unit);
        }

        await group.EndAsync();
    }

    /// <summary>Keys are locked in one order before the first unit runs, so all units of the group are known before.</summary>
    private async Task RunKeyedAsync(WorkUnit first, WorkQueue queue)
    {
        List<WorkUnit> units = [first];
        while (units.Count < MaxUnits && queue.TryTake() is { } next)
        {
            units.Add(next);
        }

        await using var group = NewGroup();
        if (!await group.BeginAsync(units, PostgresLocks.OfKeys(units.SelectMany(unit => unit.Keys!))))
        {
            return;
        }

        foreach (var unit in units)
        {
            await group.RunAsync(unit);
        }

        await group.EndAsync();
    }

    private bool MayGoOn(PostgresGroup group, long started) => group is { IsOpen: true, Units: < MaxUnits } && clock.GetElapsedTime(started) < GroupTime;

    private PostgresGroup NewGroup() => new(sources, published, outbox, clock);
}
