using System.Diagnostics;
using System.Globalization;
using FlowPlatform.Log;

namespace FlowPlatform.Telemetry;

/// <summary>
/// Spans of publishing. Each event whose decision was sampled has a span of its own below that decision, and goes out with its context, so that what consumers do is below it in turn.
/// Two or more events at once have a span for the batch, too, with links.
/// </summary>
internal sealed class SendTrace
{
    private readonly EventEnvelope[] events;
    private readonly List<Activity> spans;
    private readonly Activity? batch;

    private SendTrace(EventEnvelope[] events, List<Activity> spans, Activity? batch) => (this.events, this.spans, this.batch) = (events, spans, batch);

    /// <summary>Appends, with spans where somebody wants them.</summary>
    public static Task AppendAsync(IPartitionWriter writer, IReadOnlyList<EventEnvelope> rows, string system, CancellationToken cancellationToken) =>
        FlowTracing.Source.HasListeners() && Start(writer.Partition, rows, system) is { } trace
            ? trace.AppendAsync(writer, cancellationToken)
            : writer.AppendAsync(rows, cancellationToken);

    private static SendTrace? Start(PartitionId partition, IReadOnlyList<EventEnvelope> rows, string system)
    {
        EventEnvelope[]? events = null;
        List<Activity>? spans = null;
        for (var index = 0; index < rows.Count; index++)
        {
            var row = rows[index];
            if (!FlowTracing.IsSampled(row.TraceParent) || !FlowTracing.TryParse(row.TraceParent, row.TraceState, out var decision)
                || Describe(FlowTracing.Start($"send {partition.Stream}", ActivityKind.Producer, decision), partition, system) is not { } span)
            {
                continue;
            }

            span.SetTag("messaging.message.id", row.Id);
            span.SetTag("messaging.message.conversation_id", row.CorrelationId);
            span.SetTag("flow.event.type", row.Type);
            (spans ??= []).Add(span);
            events ??= [.. rows];
            events[index] = row.WithTrace(span.Id, span.TraceStateString);
        }

        return events is null || spans is null ? null : new SendTrace(events, spans, rows.Count > 1 ? StartBatch(partition, rows.Count, spans, system) : null);
    }

    private static Activity? StartBatch(PartitionId partition, int count, List<Activity> spans, string system)
    {
        var batch = Describe(
            FlowTracing.Start($"send {partition.Stream}", ActivityKind.Client, links: spans.Take(FlowTracing.MaxLinks).Select(span => new ActivityLink(span.Context))), partition, system);
        batch?.SetTag("messaging.batch.message_count", count);
        return batch;
    }

    private static Activity? Describe(Activity? span, PartitionId partition, string system) =>
        span.Describe(system, "send", partition.Stream)?.SetTag("messaging.destination.partition.id", partition.Index.ToString(CultureInfo.InvariantCulture));

    private async Task AppendAsync(IPartitionWriter writer, CancellationToken cancellationToken)
    {
        try
        {
            await writer.AppendAsync(events, cancellationToken);
        }
        catch (Exception failed)
        {
            spans.ForEach(span => FlowTracing.Fail(span, failed));
            FlowTracing.Fail(batch, failed);
            throw;
        }
        finally
        {
            spans.ForEach(FlowTracing.End);
            FlowTracing.End(batch);
        }
    }
}
