using System.Diagnostics.Metrics;

namespace FlowPlatform.Telemetry;

/// <summary>The platform's instruments. Names are fixed: dashboards and alarms use them.</summary>
internal static class FlowMetrics
{
    /// <summary>Name of the meter, and prefix of all others of the platform.</summary>
    public const string MeterName = "FlowPlatform.Runtime";

    private static readonly Meter Meter = new(MeterName);

    public static Histogram<int> BatchSize { get; } = Meter.CreateHistogram<int>("flow.batch.size", "{event}", "Events in one consumer transaction.");

    public static Histogram<double> CommitDuration { get; } = Meter.CreateHistogram<double>("flow.commit.duration", "s", "From the start of a consumer's transaction to its commit.");

    public static Histogram<double> EventLatency { get; } = Meter.CreateHistogram<double>("flow.event.latency", "s", "From the producer's commit to the consumer's.");

    /// <summary>Publishes gauges that the runtime answers.</summary>
    public static void Observe(Func<IEnumerable<Measurement<long>>> lag, Func<IEnumerable<Measurement<double>>> delay, Func<long> outboxDepth)
    {
        Meter.CreateObservableGauge("flow.consumer.lag", lag, "{event}", "Events that the consumer has not applied.");
        Meter.CreateObservableGauge("flow.consumer.delay", delay, "s", "Age of the newest applied event while there is lag.");
        Meter.CreateObservableGauge("flow.outbox.depth", outboxDepth, "{event}", "Outbox rows that the log has not confirmed.");
    }
}
