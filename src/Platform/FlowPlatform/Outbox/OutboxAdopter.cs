using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Outbox;

/// <summary>
/// Makes an outbox fit the log as it is (rule P3). Where the log only lacks what it had confirmed, that is published again, or announced as a gap. Where it has what the store has not, the store goes on as a new
/// incarnation, and what the log has beyond it is never emitted again. To be used while no relay runs.
/// </summary>
internal sealed class OutboxAdopter(IEventLog log, IOutbox outbox, PublishedStreams published, TimeProvider clock)
{
    private const int MaxEvents = 1_000;
    private const long MaxBytes = 512 * 1024;

    /// <summary>True for a store that has never had anything confirmed, on a log that another store of the same service has written: it would decide again what is there.</summary>
    public async Task<bool> IsNewStoreOnOldLogAsync(CancellationToken cancellationToken)
    {
        if ((await outbox.ReadHeadsAsync(cancellationToken)).Any(head => head.Confirmed > 0) || await outbox.HasAdoptedAsync(cancellationToken))
        {
            return false;
        }

        foreach (var stream in published.All)
        {
            await log.EnsureStreamAsync(stream, cancellationToken);
            foreach (var partition in stream.PartitionIds)
            {
                if (await log.ReadLastAsync(partition, cancellationToken) is { } last && IsOfService(last) && last.Event.Producer != outbox.Producer)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Adopts the log.</summary>
    /// <param name="anew">True to start a new incarnation in any case.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="EventLogUnavailableException">The log can't be reached; nothing was changed that does harm, adopt again.</exception>
    public async Task<Adoption> AdoptAsync(bool anew, CancellationToken cancellationToken)
    {
        var before = outbox.Producer;
        var common = new Dictionary<PartitionId, long>();
        List<AdoptedEvent> beyond = [];
        var again = 0L;
        foreach (var stream in published.All)
        {
            await log.EnsureStreamAsync(stream, cancellationToken);
            foreach (var partition in stream.PartitionIds)
            {
                var survey = await SurveyAsync(partition, cancellationToken);
                again += survey.Lacking ? await FillAsync(survey, cancellationToken) : 0;
                common[partition] = survey.Lacking ? survey.Head.Confirmed : survey.Common;
                beyond.AddRange(survey.Beyond);
                anew |= survey.Differs;
            }
        }

        if (anew)
        {
            await outbox.AdoptAsync(new OutboxAdoption(Chance.NextHex(8), common, beyond), cancellationToken);
        }

        return new Adoption(before, outbox.Producer, beyond.Count, again);
    }

    /// <summary>What outbox and log of one partition have in common, and what the log has beyond.</summary>
    private async Task<Survey> SurveyAsync(PartitionId partition, CancellationToken cancellationToken)
    {
        var own = await log.ReadLastOfAsync(partition, outbox.Producer, cancellationToken);
        var head = (await outbox.ReadHeadsAsync(cancellationToken)).FirstOrDefault(candidate => candidate.Partition == partition) ?? new OutboxHead(partition, 0, 0, null);
        var survey = new Survey(head, await outbox.ReadIdsAsync(partition, cancellationToken), own?.Event.Sequence ?? 0);

        // A sequence is never at a lower offset than its number less one, unless a gap before it was announced: then it is looked for from the beginning. What stands there of others doesn't tell.
        var start = Math.Min(Math.Max(0, survey.Common - 1), own?.Offset ?? 0);
        if (await log.ReadAtAsync(partition, start, cancellationToken) is not { } at || at.Event.Producer != outbox.Producer || at.Event.Sequence > survey.Common + 1)
        {
            start = 0;
        }

        await using var reader = await log.OpenReaderAsync(partition, LogPosition.At(start), cancellationToken);

        // Only now: a log that loses its tail from here on ends the reader, and one that has lost it meanwhile has an earlier end, which would be waited for without an end.
        var last = await log.ReadLastAsync(partition, cancellationToken);
        if ((await log.ReadLastOfAsync(partition, outbox.Producer, cancellationToken))?.Event.Sequence != own?.Event.Sequence || (last is { } end && end.Offset < start))
        {
            throw new EventLogUnavailableException($"{partition} has changed while it was compared with the outbox.");
        }

        for (var read = start - 1; read < (last?.Offset ?? -1);)
        {
            using var batch = await reader.ReadAsync(cancellationToken);
            foreach (var record in batch.Records.Where(IsOfService))
            {
                survey.Compare(record, outbox.Producer);
            }

            read = batch.Records[^1].Offset;
        }

        return survey;
    }

    /// <summary>Publishes what the log had confirmed and lacks, under the old name: consumers that have applied it drop it.</summary>
    private async Task<long> FillAsync(Survey survey, CancellationToken cancellationToken)
    {
        var partition = survey.Head.Partition;
        await using var writer = await log.OpenWriterAsync(partition, outbox.Producer, cancellationToken);
        var sent = await LostTail.BeginAsync(writer, outbox, new OutboxStanding(survey.Head, survey.Own), clock, cancellationToken);
        var filled = 0L;
        while (sent < survey.Head.Confirmed)
        {
            var rows = (await outbox.ReadAsync(partition, sent, MaxEvents, MaxBytes, cancellationToken)).TakeWhile(row => row.Sequence <= survey.Head.Confirmed).ToList();
            if (rows.Count == 0)
            {
                break;
            }

            await writer.AppendAsync(rows, cancellationToken);
            sent = rows[^1].Sequence;
            filled += rows.Count;
        }

        return filled;
    }

    private bool IsOfService(LogRecord record) => record.Event.Producer is { } producer && OutboxRecognition.ServiceOf(producer) == published.Service;

    /// <summary>One partition, compared event by event.</summary>
    private sealed class Survey(OutboxHead head, IReadOnlyDictionary<long, string> ids, long own)
    {
        private bool differs;

        public OutboxHead Head => head;

        /// <summary>The log's last sequence of this incarnation; 0 if there is none.</summary>
        public long Own => own;

        /// <summary>The last sequence that both have. What is trimmed was confirmed by this log.</summary>
        public long Common { get; private set; } = Math.Min(own, ids.Count == 0 ? head.Assigned : Math.Min(head.Assigned, ids.Keys.Min() - 1));

        public List<AdoptedEvent> Beyond { get; } = [];

        /// <summary>The log has what the store has not.</summary>
        public bool Differs => Beyond.Count > 0;

        /// <summary>The log lacks what it had confirmed, and has nothing else under this name.</summary>
        public bool Lacking => !differs && own < head.Confirmed;

        public void Compare(LogRecord record, string producer)
        {
            var @event = record.Event;
            var isOwn = @event.Producer == producer;
            if (isOwn && !differs && @event.Sequence <= head.Assigned && (!ids.TryGetValue(@event.Sequence, out var id) || id == @event.Id || @event.Type == Consumers.GapEvent.TypeName))
            {
                Common = Math.Max(Common, @event.Sequence);

                // What others had published before it, this store knew, or its predecessors.
                Beyond.Clear();
                return;
            }

            differs |= isOwn;
            Beyond.Add(new AdoptedEvent(@event.Id, record.Partition, @event.Producer!, @event.Sequence));
        }
    }
}

/// <summary>What adopting the log did.</summary>
/// <param name="From">Producer reference before.</param>
/// <param name="To">Producer reference now; the same if the log only lacked events.</param>
/// <param name="Beyond">Events that the log has and the store has not; they are never emitted again.</param>
/// <param name="PublishedAgain">Events that the log had confirmed and lacked, and has again.</param>
public sealed record Adoption(string From, string To, int Beyond, long PublishedAgain);
