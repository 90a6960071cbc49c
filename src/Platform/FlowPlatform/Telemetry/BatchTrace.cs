using System.Diagnostics;
using System.Globalization;
using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Telemetry;

/// <summary>
/// Spans of one consumer transaction. An event whose producer was sampled has a span below the producer's: one order is one trace. Two or more events have a span for the batch, too,
/// a root that links to them. A replay has that root only, marked <c>flow.replay</c>, and so has what comes of it: it never masquerades as live traffic.
/// Used by one loop.
/// </summary>
internal sealed class BatchTrace : IDisposable
{
    private readonly IReadOnlyList<LogRecord> records;
    private readonly ReplayedPartitions replayed;
    private Activity?[]? events;
    private Activity? live;
    private Activity? replay;
    private Activity? database;

    private BatchTrace(IReadOnlyList<LogRecord> records, ReplayedPartitions replayed) => (this.records, this.replayed) = (records, replayed);

    /// <summary>What the transaction is part of; null if it is recorded nowhere.</summary>
    public Activity? Current => live ?? replay ?? (events is [{ } only] ? only : null);

    /// <summary>Starts the spans; null where there is nothing to trace.</summary>
    public static BatchTrace? Start(Consumer consumer, IReadOnlyList<LogRecord> records, ReplayedPartitions replayed, string system)
    {
        if (records.Count == 0)
        {
            return null;
        }

        var listened = FlowTracing.Source.HasListeners();
        if (!replayed.Any && !(listened && AnySampled(records)))
        {
            return null;
        }

        var trace = new BatchTrace(records, replayed);
        if (listened)
        {
            trace.StartEvents(consumer, system);
            trace.StartBatches(consumer, system);
            trace.LinkEvents();
        }

        return trace;
    }

    /// <summary>The span that an event is handled in, if it has one; a replayed event's is that of its batch.</summary>
    public Activity? SpanOf(int index) => events?[index] ?? (replayed.Has(records[index]) ? replay : null);

    /// <summary>The unit of work runs: what is current is the store's span of it, if the store has one.</summary>
    public void Begin() => database = Activity.Current is { Kind: ActivityKind.Client } store ? store : null;

    /// <summary>The event is handled now: logs and spans belong to its span, and what is emitted continues it.</summary>
    public void Enter(int index, StoreTransaction transaction)
    {
        var span = SpanOf(index);
        Activity.Current = span ?? database ?? Current;
        transaction.Handling = span is not null ? new TraceContext(span.Id, span.TraceStateString)
            : replayed.Has(records[index]) ? default(TraceContext)
            : null;
    }

    /// <summary>The transaction has committed: each event's span shows it.</summary>
    public void Commit()
    {
        if (database is null || (live is null && replay is null))
        {
            return;
        }

        foreach (var span in events ?? [])
        {
            Copy(span);
        }

        if (live is not null)
        {
            Copy(replay);
        }

        void Copy(Activity? span)
        {
            if (span is { Recorded: true })
            {
                DatabaseSpans.Copy(database, span);
            }
        }
    }

    /// <summary>Nothing of it was committed.</summary>
    public void Fail(Exception fault)
    {
        FlowTracing.Fail(live, fault);
        FlowTracing.Fail(replay, fault);
        foreach (var span in events ?? [])
        {
            if (live is null)
            {
                FlowTracing.Fail(span, fault);
            }
            else if (fault is not OperationCanceledException)
            {
                // Which of them is to blame is found out one by one.
                span?.SetTag("error.type", fault.GetType().FullName).SetStatus(ActivityStatusCode.Error, "Rolled back with its batch.");
            }
        }
    }

    public void Dispose()
    {
        foreach (var span in events ?? [])
        {
            FlowTracing.End(span);
        }

        FlowTracing.End(live);
        FlowTracing.End(replay);
    }

    private static bool AnySampled(IReadOnlyList<LogRecord> records)
    {
        for (var index = 0; index < records.Count; index++)
        {
            if (FlowTracing.IsSampled(records[index].Event.TraceParent))
            {
                return true;
            }
        }

        return false;
    }

    private void StartEvents(Consumer consumer, string system)
    {
        for (var index = 0; index < records.Count; index++)
        {
            var record = records[index];
            var @event = record.Event;
            if (!FlowTracing.IsSampled(@event.TraceParent) || replayed.Has(record) || !consumer.Wants(record) || !FlowTracing.TryParse(@event.TraceParent, @event.TraceState, out var producer)
                || FlowTracing.Start($"process {record.Partition.Stream}", ActivityKind.Consumer, producer).Describe(system, "process", record.Partition.Stream) is not { } span)
            {
                continue;
            }

            span.SetTag("messaging.consumer.group.name", consumer.Name);
            span.SetTag("messaging.destination.partition.id", record.Partition.Index.ToString(CultureInfo.InvariantCulture));
            span.SetTag("messaging.message.id", @event.Id);
            span.SetTag("messaging.message.conversation_id", @event.CorrelationId);
            span.SetTag("flow.event.type", @event.Type);
            span.SetTag("flow.offset", record.Offset);
            (events ??= new Activity?[records.Count])[index] = span;
        }
    }

    private void StartBatches(Consumer consumer, string system)
    {
        if (records.Count > 1 && events is not null)
        {
            live = StartBatch(consumer, system, replaying: false);
        }

        if (replayed.Any)
        {
            replay = StartBatch(consumer, system, replaying: true)?.SetTag("flow.replay", true);
        }
    }

    private Activity? StartBatch(Consumer consumer, string system, bool replaying)
    {
        var links = new List<ActivityLink>();
        var (count, stream, partition, mixed) = (0, "", -1, false);
        foreach (var record in records)
        {
            if (replayed.Has(record) != replaying)
            {
                continue;
            }

            mixed |= count > 0 && record.Partition.Stream != stream;
            partition = count == 0 || (record.Partition.Index == partition && !mixed) ? record.Partition.Index : -1;
            stream = record.Partition.Stream;
            count++;
            if (links.Count < FlowTracing.MaxLinks && FlowTracing.IsSampled(record.Event.TraceParent)
                && FlowTracing.TryParse(record.Event.TraceParent, record.Event.TraceState, out var producer))
            {
                links.Add(new ActivityLink(producer));
            }
        }

        if (count == 0)
        {
            return null;
        }

        var batch = FlowTracing.Start(mixed ? "process" : $"process {stream}", ActivityKind.Consumer, links: links).Describe(system, "process", mixed ? null : stream);
        batch?.SetTag("messaging.consumer.group.name", consumer.Name).SetTag("messaging.batch.message_count", count);
        return partition < 0 ? batch : batch?.SetTag("messaging.destination.partition.id", partition.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>From an event's trace to the batch that it was handled in.</summary>
    private void LinkEvents()
    {
        if (live is { Recorded: true } batch)
        {
            foreach (var span in events!)
            {
                span?.AddLink(new ActivityLink(batch.Context));
            }
        }
    }
}
