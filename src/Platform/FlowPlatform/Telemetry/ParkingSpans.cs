using System.Diagnostics;
using System.Globalization;
using FlowPlatform.Consumers;
using FlowPlatform.Log;

namespace FlowPlatform.Telemetry;

/// <summary>The span of an event's parking, in the trace of the event where its producer was sampled. It holds neither key nor payload nor what the exception says.</summary>
internal static class ParkingSpans
{
    public static Activity? Start(in LogRecord record, Consumer consumer, string system, PoisonEventException poison)
    {
        var @event = record.Event;
        if (!FlowTracing.IsSampled(@event.TraceParent) || !FlowTracing.TryParse(@event.TraceParent, @event.TraceState, out var producer))
        {
            return null;
        }

        var span = FlowTracing.Start($"park {record.Partition.Stream}", ActivityKind.Consumer, producer).Describe(system, "park", record.Partition.Stream);
        span?.SetTag("messaging.consumer.group.name", consumer.Name);
        span?.SetTag("messaging.destination.partition.id", record.Partition.Index.ToString(CultureInfo.InvariantCulture));
        span?.SetTag("messaging.message.id", @event.Id);
        span?.SetTag("flow.event.type", @event.Type);
        span?.SetTag("flow.offset", record.Offset);
        span?.SetTag("error.type", poison.InnerException?.GetType().FullName);
        return span?.SetStatus(ActivityStatusCode.Error, "Parked.");
    }
}
