using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Streams;
using FlowPlatform.Dashboard.Traces;
using FlowPlatform.Log;

namespace FlowPlatform.Dashboard.Events;

/// <summary>Whether a consumer has applied an event, and when.</summary>
/// <param name="Service">Whose.</param>
/// <param name="Consumer">Which.</param>
/// <param name="Applied">Its position is past it.</param>
/// <param name="Parked">It has parked keys in this partition; the event may be among them.</param>
/// <param name="Between">Sampled bounds; null if it was applied before the samples begin, or not yet.</param>
/// <param name="Exact">When its own span ended; null if it was not traced.</param>
/// <param name="Took">How long it was handled; null if it was not traced.</param>
/// <param name="Failed">The span ended with an error.</param>
internal sealed record Application(string Service, string Consumer, bool Applied, bool Parked, AppliedBetween? Between, DateTimeOffset? Exact, TimeSpan? Took, bool Failed);

/// <summary>Says who has applied an event: by position now, between which samples, and exactly where the event was traced. Safe for concurrent use.</summary>
internal sealed class AppliedBy(FlowBoard board, HistoryReader history, TraceDetails traces, TelemetryRuns runs)
{
    /// <exception cref="TelemetryQueryException">It took too long.</exception>
    public async Task<IReadOnlyList<Application>> ReadAsync(LogRecord record, CancellationToken cancellationToken)
    {
        var between = (await history.AppliedAsync(record.Partition, record.Offset, record.Timestamp, cancellationToken)).ToDictionary(static row => (row.Service, row.Consumer));
        var spans = await SpansAsync(record.Event, cancellationToken);
        return
        [
            .. board.Consumers.Where(row => row.Status.Stream == record.Partition.Stream && row.Status.Partition == record.Partition.Index && row.Status.State != "waiting").Select(row =>
            {
                var span = spans.FirstOrDefault(span => span.Service == row.Service && ValueOf(span, "messaging.consumer.group.name") == row.Status.Consumer);
                return new Application(
                    row.Service, row.Status.Consumer, row.Status.Position > record.Offset, row.Status.Parked is { Keys: > 0 }, between.GetValueOrDefault((row.Service, row.Status.Consumer)),
                    span is null ? null : span.Start + span.Duration, span?.Duration, span?.Status == SpanStatus.Error);
            }),
        ];
    }

    /// <summary>The trace of an event, if it was recorded; null for what has none.</summary>
    public static TraceId? TraceOf(EventEnvelope @event) =>
        @event.TraceParent?.Split('-') is [_, { Length: 32 } trace, _, var flags] && flags.EndsWith('1') && TraceId.TryParse(trace, out var id) ? id : null;

    private async Task<IReadOnlyList<TraceSpan>> SpansAsync(EventEnvelope @event, CancellationToken cancellationToken)
    {
        if (TraceOf(@event) is not { } id || await traces.ReadAsync(runs.Current, id, cancellationToken) is not { } trace)
        {
            return [];
        }

        return [.. trace.Spans.Where(span => span.Kind == SpanKind.Consumer && ValueOf(span, "messaging.message.id") == @event.Id)];
    }

    private static string? ValueOf(TraceSpan span, string name) => span.Attributes.FirstOrDefault(attribute => attribute.Name == name)?.Value;
}
