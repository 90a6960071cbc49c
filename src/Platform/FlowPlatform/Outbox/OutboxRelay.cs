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

    private readonly Dictionary<PartitionId, Queue<(TimeSpan Connected, long Sequence)>> marks = [];
    private volatile PartitionRelay[] relays = [];

    /// <summary>The relays of all partitions.</summary>
    public IReadOnlyList<PartitionRelay> Relays => relays;

    /// <summary>The exception that stopped it; null while it runs.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Why confirms can't be written down at present; null if they can.</summary>
    public string? BooksTrouble { get; private set; }

    /// <summary>Records what <see cref="RunAsync"/> ended with.</summary>
    public void Fail(Exception stopped) => Failure = stopped;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task> running = [];
        try
        {
            var heads = (await outbox.ReadHeadsAsync(cancellationToken)).ToDictionary(head => head.Partition);
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

    private async Task TrimAsync(PartitionRelay relay, CancellationToken cancellationToken)
    {
        if (relay.Error is not null || relay.UnavailableSince is not null)
        {
            return;
        }

        if (!marks.TryGetValue(relay.Partition, out var queue))
        {
            marks[relay.Partition] = queue = new();
        }

        var now = relay.Connected;
        if (queue.Count == 0 || now - queue.Last().Connected >= MarkEvery)
        {
            queue.Enqueue((now, relay.Confirmed.Sequence));
        }

        if (now - queue.Peek().Connected >= Retention && await outbox.TrimAsync(relay.Partition, queue.Peek().Sequence, TrimRows, cancellationToken) < TrimRows)
        {
            queue.Dequeue();
        }
    }
}
