using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Outbox;

/// <summary>Publishes the outbox of a service: a relay per partition, and one task that writes down what was confirmed and trims late (rule P5).</summary>
internal sealed class OutboxRelay(IEventLog log, IOutbox outbox, PublishedStreams published, TimeProvider clock)
{
    /// <summary>How long rows stay after confirm, counted while connected: a broker's crash may lose a confirmed tail, and is noticed on the next connection.</summary>
    private static readonly TimeSpan Retention = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan WriteEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan MarkEvery = TimeSpan.FromSeconds(30);
    private const int TrimRows = 2_000;

    /// <summary>Enough for a retention; while nothing can be trimmed, no more are kept.</summary>
    private static readonly int MostMarks = (int)(Retention / MarkEvery) + 2;

    private readonly Dictionary<PartitionId, TrimMarks> marks = [];
    private volatile PartitionRelay[] relays = [];

    /// <summary>The relays of all partitions.</summary>
    public IReadOnlyList<PartitionRelay> Relays => relays;

    /// <summary>The exception that stopped it; null while it runs.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Why the log can't be looked at, before the first relay runs; null if it can.</summary>
    public (string Reason, DateTimeOffset Since)? Away { get; private set; }

    /// <summary>Why confirms can't be written down at present; null if they can.</summary>
    public string? BooksTrouble { get; private set; }

    /// <summary>Records what <see cref="RunAsync"/> ended with; null: it runs again.</summary>
    public void Fail(Exception? stopped) => Failure = stopped;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task> running = [];
        try
        {
            marks.Clear();
            await RecogniseAsync(cancellationToken);
            var heads = (await ReadHeadsAsync(cancellationToken)).ToDictionary(head => head.Partition);
            relays =
            [
                .. from stream in published.All
                   from partition in stream.PartitionIds
                   select new PartitionRelay(log, outbox, stream, heads.GetValueOrDefault(partition) ?? new OutboxHead(partition, 0, 0, null), clock),
            ];
            var written = relays.ToDictionary(relay => relay.Partition, relay => relay.Confirmed.Sequence);
            running = [.. relays.Select(relay => relay.RunAsync(stopping.Token)), KeepBooksAsync(written, stopping.Token)];
            await await Task.WhenAny(running);
        }
        finally
        {
            stopping.Cancel();
            await Task.WhenAll(running).ContinueWith(static all => all.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            Array.ForEach(relays, static relay => relay.Dispose());
        }
    }

    /// <summary>A new store on a log that an earlier store of the service has written takes it over, else its reactors would publish again what they had decided before.</summary>
    private async Task RecogniseAsync(CancellationToken cancellationToken)
    {
        var adopter = new OutboxAdopter(log, outbox, published, clock);
        var backoff = new Backoff(clock);
        while (true)
        {
            try
            {
                if (await adopter.IsNewStoreOnOldLogAsync(cancellationToken))
                {
                    var adopted = await adopter.AdoptAsync(anew: true, cancellationToken);
                    await outbox.RecordIncidentAsync(
                        published.All.First().PartitionIds.First(),
                        0,
                        "adopted",
                        $"This store is new, and the log has {adopted.Beyond} events of an earlier one of the service: they are not emitted again, and what follows is published as {adopted.To}. "
                        + "State that only the earlier store had is gone.",
                        cancellationToken);
                }

                Away = null;
                return;
            }
            catch (Exception gone) when (gone is EventLogUnavailableException or StreamNotFoundException or StoreBusyException)
            {
                Away ??= (gone.Message, clock.GetUtcNow());
                await backoff.WaitAsync(cancellationToken);
            }
        }
    }

    private async Task<IReadOnlyList<OutboxHead>> ReadHeadsAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(clock);
        while (true)
        {
            try
            {
                return await outbox.ReadHeadsAsync(cancellationToken);
            }
            catch (StoreBusyException busy)
            {
                BooksTrouble = busy.Message;
                await backoff.WaitAsync(cancellationToken);
            }
        }
    }

    private async Task KeepBooksAsync(Dictionary<PartitionId, long> written, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(WriteEvery, clock, cancellationToken);
            try
            {
                await WriteDownAsync(written, cancellationToken);
            }
            catch (StoreBusyException busy)
            {
                // Nothing depends on it being written down now: what is confirmed is in the log.
                BooksTrouble = busy.Message;
                continue;
            }

            BooksTrouble = null;
        }
    }

    private async Task WriteDownAsync(Dictionary<PartitionId, long> written, CancellationToken cancellationToken)
    {
        var news = relays.Select(relay => relay.Confirmed).Where(confirm => confirm.Sequence > written[confirm.Partition]).ToList();
        if (news.Count > 0)
        {
            await outbox.ConfirmAsync(news, cancellationToken);
            news.ForEach(confirm => written[confirm.Partition] = confirm.Sequence);
        }

        foreach (var relay in relays)
        {
            await TrimAsync(relay, cancellationToken);
        }
    }

    /// <summary>
    /// What was confirmed a retention ago goes. A lost tail starts that anew: rows of it that were confirmed long ago are in the log only since they were published again.
    /// </summary>
    private async Task TrimAsync(PartitionRelay relay, CancellationToken cancellationToken)
    {
        if (relay.Error is not null || relay.UnavailableSince is not null || relay.Refilling)
        {
            return;
        }

        if (!marks.TryGetValue(relay.Partition, out var known) || known.Losses != relay.Losses)
        {
            marks[relay.Partition] = known = new TrimMarks(relay.Losses);
        }

        var now = relay.Connected;
        if (known.Queue.Count == 0 || (known.Queue.Count < MostMarks && now - known.Queue.Last().Connected >= MarkEvery))
        {
            var confirmed = relay.Confirmed.Sequence;
            if (confirmed == known.Verified || (confirmed > 0 && !await relay.VerifyAsync(cancellationToken)))
            {
                // Nothing new is known to be stored.
                confirmed = known.Verified;
            }

            known.Verified = confirmed;
            known.Queue.Enqueue((now, confirmed));
        }

        if (now - known.Queue.Peek().Connected >= Retention && await relay.TrimAsync(known.Queue.Peek().Sequence, TrimRows, cancellationToken) is < TrimRows)
        {
            known.Queue.Dequeue();
        }
    }

    /// <summary>What was confirmed when, in time of connection, since the last loss.</summary>
    private sealed class TrimMarks(int losses)
    {
        public int Losses => losses;

        public Queue<(TimeSpan Connected, long Sequence)> Queue { get; } = new();

        /// <summary>The log was seen to have everything up to here.</summary>
        public long Verified { get; set; }
    }
}
