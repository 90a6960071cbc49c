using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Log;
using FlowPlatform.Testing.Contracts;

namespace FlowPlatform.Testing.Conforming;

/// <content>Other orders, other batches, other versions of the same events.</content>
internal sealed partial class ConformanceRun
{
    private static readonly int[] BatchSizes = [2, 7, 60, int.MaxValue];

    /// <summary>In the same container, and in another one, whose clock shows another time.</summary>
    private async Task<bool> FoldAgainAsync()
    {
        foreach (var process in (Subject[])[subject, later])
        {
            await using var life = await StartAsync(process);
            foreach (var record in order)
            {
                await life.ApplyAsync([record]);
            }

            ThrowIfParked(life, "the second fold of the same events in the same order");
            await RequireAsync(
                life.Store,
                null,
                "the same events in the same order gave other rows the second time",
                "It looks at a clock, draws lots, makes new ids, or reads what is not in its own tables: something static, a singleton, a file, another service. Its rows may come of its events alone, and its "
                + "only clock is context.Time.");
        }

        return true;
    }

    private async Task<bool> DeliverTwiceAsync()
    {
        await using var life = await StartAsync(subject);
        foreach (var batch in Arrival.Cut(order, 10, options.Seed))
        {
            IReadOnlyList<LogRecord> twice = [.. batch.SelectMany(record => (LogRecord[])[record, record])];
            await life.ApplyAsync(twice);
            await life.ApplyAsync(batch);
        }

        await life.ApplyAsync(order);
        ThrowIfParked(life, "every event and every batch delivered twice");
        await RequireAsync(life.Store, null, "every event and every batch delivered twice gives other rows", "What comes again is dropped before it reaches a handler, so it must depend on how events are cut into transactions.");
        return true;
    }

    /// <summary>Here and there a batch is in a process that ends before it is committed.</summary>
    private async Task<bool> BatchOtherwiseAsync()
    {
        foreach (var size in BatchSizes.Where(size => size < order.Count || size == int.MaxValue))
        {
            var file = await NewFileAsync();
            var what = $"batches of {Math.Min(size, order.Count)}";
            var batches = order.Chunk(Math.Min(size, order.Count)).ToList();
            var crashing = Arrival.Choose(batches.Count, options.Positions, options.Seed);
            var life = await StartAsync(subject, file);
            try
            {
                for (var index = 0; index < batches.Count; index++)
                {
                    ThrowIfLate(what);
                    if (crashing.Contains(index))
                    {
                        await life.CrashAsync(Crash.BeforeCommit, batches[index]);
                        await life.DisposeAsync();
                        life = await StartAsync(subject, file);
                    }

                    await life.ApplyAsync(batches[index]);
                    ThrowIfParked(life, what);
                }

                await RequireAsync(
                    life.Store,
                    null,
                    $"{what} give other rows",
                    "How many events a transaction has is chance. A fold by key must load what there is before it adds to it, and what a batch keeps in memory must end with it, committed or not.");
            }
            finally
            {
                await life.DisposeAsync();
            }
        }

        return true;
    }

    /// <summary>Orders that keep the order of partitions; and, where keys can be parked, those that keep only the order of keys.</summary>
    private async Task<bool> InterleaveAsync()
    {
        for (var seed = options.Seed + 1; seed <= options.Seed + options.Interleavings; seed++)
        {
            ThrowIfLate("interleavings");
            await InterleaveAsync(
                Arrival.Shuffle(order, record => record.Partition, seed),
                seed,
                "partitions interleaved otherwise give other rows",
                "Its rows may depend on the order within each partition only (rule C5): columns owned by one stream, sums, the greatest of something.");
        }

        for (var seed = options.Seed + 1; seed <= options.Seed + options.Interleavings && subject.Create().Parks; seed++)
        {
            ThrowIfLate("interleavings");
            await InterleaveAsync(
                Arrival.Shuffle(order, record => (record.Partition, record.Event.Key), seed),
                seed,
                "keys of one partition interleaved otherwise give other rows",
                "While a key is parked, the other keys of its partition overtake it. A projection to which their order matters sets Parks = false: it stops at what it can't apply.");
        }

        return true;
    }

    private async Task InterleaveAsync(List<LogRecord> arrival, int seed, string what, string why)
    {
        await using var fold = await Projections.FoldAsync(subject.Create(), Arrival.Cut(arrival, 60, seed));
        await RequireAsync(fold.Store, null, $"{what} (order {seed})", why);
    }

    /// <summary>As a rebuild does: one partition after the other, in batches as large as they get.</summary>
    private async Task<bool> RebuildAsync()
    {
        await using var life = await StartAsync(later);
        foreach (var records in later.History.ByPartition.Reverse())
        {
            await life.ApplyAsync(records);
        }

        ThrowIfParked(life, "a rebuild");
        await RequireAsync(life.Store, null, "a rebuild from the beginning gives other rows", "It depends on when it is made, or on the order in which partitions come.");
        return true;
    }

    /// <returns>False: there are none.</returns>
    private async Task<bool> UpcastAsync()
    {
        var projection = subject.Create();
        var decoders = subject.Types.ToDictionary(type => type, type => projection.DecodersOf(type).ToList());
        if (!decoders.Values.SelectMany(list => list).Any(decoder => decoder.Distance > 0))
        {
            return false;
        }

        foreach (var record in order)
        {
            foreach (var old in decoders[record.Event.Type].Where(decoder => decoder.Distance > 0))
            {
                UpcastCheck.ThrowIfUnsound(FlowJson.Deserialize(record.Event.Data.Span, old.Stored));
            }
        }

        var upcast = order.Select(record => decoders[record.Event.Type] is [{ Distance: > 0 } only] ? record with { Event = Upcast(record.Event, only) } : record).ToList();
        await using var fold = await Projections.FoldAsync(subject.Create(), upcast.Select(record => (IReadOnlyList<LogRecord>)[record]));
        await RequireAsync(
            fold.Store,
            null,
            "old versions of events give other rows than the versions that they are upcast to",
            "A handler sees the newer version only; what it knows besides (the name of the stored type, the stored bytes) is not what the event says.");
        return true;
    }

    private static EventEnvelope Upcast(EventEnvelope stored, EventDecoder decoder)
    {
        var newer = decoder.Read(stored);
        return stored.WithContent(EventType.Of(newer.GetType()).Name, FlowJson.Serialize(newer));
    }
}
