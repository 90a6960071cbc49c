using System.Diagnostics;
using System.Diagnostics.Metrics;
using FlowPlatform.Log;

namespace FlowPlatform.Telemetry;

/// <summary>The platform's instruments. Names are fixed: dashboards and alarms use them.</summary>
internal static class FlowMetrics
{
    /// <summary>Name of the meter, and prefix of all others of the platform.</summary>
    public const string MeterName = "FlowPlatform.Runtime";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Histogram<int> BatchSize = Meter.CreateHistogram<int>("flow.batch.size", "{event}", "Events in one consumer transaction.");
    private static readonly Histogram<double> CommitDuration = Meter.CreateHistogram<double>("flow.commit.duration", "s", "From the start of a consumer's transaction to its commit.");
    private static readonly Histogram<double> EventLatency = Meter.CreateHistogram<double>("flow.event.latency", "s", "From the producer's commit to the consumer's; replayed events don't count.");

    /// <summary>Publishes gauges that the runtime answers, until the meter is disposed.</summary>
    public static Meter Observe(
        Func<IEnumerable<Measurement<long>>> lag,
        Func<IEnumerable<Measurement<double>>> delay,
        Func<long> outboxDepth,
        Func<IEnumerable<Measurement<long>>> parkedKeys,
        Func<IEnumerable<Measurement<double>>> parkedAge)
    {
        var meter = new Meter(MeterName);
        meter.CreateObservableGauge("flow.consumer.lag", lag, "{event}", "Events that the consumer has not applied; none while the log can't be reached.");
        meter.CreateObservableGauge("flow.consumer.delay", delay, "s", "Age of the newest applied event while there is lag.");
        meter.CreateObservableGauge("flow.outbox.depth", outboxDepth, "{event}", "Outbox rows that the log has not confirmed.");
        meter.CreateObservableGauge("flow.parked.keys", parkedKeys, "{key}", "Keys whose events are parked.");
        meter.CreateObservableGauge("flow.parked.age", parkedAge, "s", "How long the oldest parked key has been parked; 0 if none is.");
        return meter;
    }

    /// <summary>A consumer's transaction has committed. Measurements are made within its spans, so that exemplars lead to them.</summary>
    public static void Committed(string consumer, IReadOnlyList<LogRecord> records, TimeSpan elapsed, DateTimeOffset now, ReplayedPartitions replayed, BatchTrace? trace)
    {
        if (records.Count == 0)
        {
            return;
        }

        var current = Activity.Current;
        var who = new KeyValuePair<string, object?>("flow.consumer", consumer);
        BatchSize.Record(records.Count, who);
        CommitDuration.Record(elapsed.TotalSeconds, who);
        if (!EventLatency.Enabled)
        {
            return;
        }

        for (var index = 0; index < records.Count; index++)
        {
            var record = records[index];
            if (replayed.Has(record))
            {
                continue;
            }

            if (trace is not null)
            {
                Activity.Current = trace.SpanOf(index);
            }

            EventLatency.Record(Math.Max(0, (now - record.Event.CommittedAt).TotalSeconds), who, new("flow.stream", record.Partition.Stream));
        }

        Activity.Current = current;
    }
}
