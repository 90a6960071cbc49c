using System.Diagnostics;
using FlowPlatform.Log;
using FlowPlatform.Telemetry;
using FlowPlatform.Tests.Runtime;

namespace FlowPlatform.Tests.Telemetry;

/// <summary>Spans of publishing.</summary>
[Collection(nameof(Listening))]
public sealed class SendSpanTests : IDisposable
{
    private readonly SpanRecorder spans = new();

    public void Dispose() => spans.Dispose();

    [Fact]
    public async Task Each_sampled_event_goes_out_with_a_span_of_its_own_and_the_batch_links_to_them()
    {
        var (first, second) = (Producers.New(), Producers.New());
        var silent = Producers.New(sampled: false).TraceParent();
        var writer = new RecordingWriter();
        await SendTrace.AppendAsync(writer, [Row(1, first.TraceParent()), Row(2, silent), Row(3, null), Row(4, second.TraceParent())], "flow", CancellationToken.None);

        var sent = spans.Named("send accounts");
        var batch = sent.Single(span => span.Kind == ActivityKind.Client);
        batch.ParentSpanId.ShouldBe(default);
        batch.GetTagItem("messaging.batch.message_count").ShouldBe(4);
        var events = sent.Where(span => span.Kind == ActivityKind.Producer).OrderBy(span => span.GetTagItem("messaging.message.id")).ToList();
        batch.Links.Select(link => link.Context.SpanId).ShouldBe(events.Select(span => span.SpanId));
        events.Select(span => span.ParentSpanId).ShouldBe([first.SpanId, second.SpanId]);
        events.ShouldAllBe(span => (string)span.GetTagItem("messaging.system")! == "flow" && (string)span.GetTagItem("messaging.destination.partition.id")! == "0");
        writer.Events.Select(e => e.TraceParent).ShouldBe([events[0].Id, silent, null, events[1].Id]);
        writer.Events.Select(e => e.Id).ShouldBe(["e1", "e2", "e3", "e4"]);
    }

    [Fact]
    public void An_event_with_another_context_is_the_same_event()
    {
        var row = Row(1, "there");
        var other = new EventEnvelope
        {
            Id = row.Id, Type = row.Type, Source = row.Source, Key = row.Key, Time = row.Time, CommittedAt = row.CommittedAt.AddDays(1), ContentType = "text/plain", CorrelationId = "correlation",
            CausationId = "causation", Producer = row.Producer, Sequence = row.Sequence, Data = row.Data,
        };
        var traced = other.WithTrace("here", "state");

        traced.TraceParent.ShouldBe("here");
        traced.TraceState.ShouldBe("state");
        foreach (var property in typeof(EventEnvelope).GetProperties().Where(property => !property.Name.StartsWith("Trace", StringComparison.Ordinal)))
        {
            property.GetValue(traced).ShouldBe(property.GetValue(other), property.Name);
        }
    }

    [Fact]
    public async Task A_failed_send_is_an_error()
    {
        var writer = new RecordingWriter { Fault = new EventLogUnavailableException("It went away.") };
        await Should.ThrowAsync<EventLogUnavailableException>(
            () => SendTrace.AppendAsync(writer, [Row(1, Producers.New().TraceParent()), Row(2, Producers.New().TraceParent())], "flow", CancellationToken.None));

        spans.Ended.Count.ShouldBe(3);
        spans.Ended.ShouldAllBe(span => span.Status == ActivityStatusCode.Error && span.StatusDescription == "It went away.");
    }

    [Fact]
    public async Task A_cancelled_send_is_no_error()
    {
        var writer = new RecordingWriter { Fault = new OperationCanceledException() };
        await Should.ThrowAsync<OperationCanceledException>(() => SendTrace.AppendAsync(writer, [Row(1, Producers.New().TraceParent())], "flow", CancellationToken.None));

        spans.Ended.ShouldHaveSingleItem().Status.ShouldBe(ActivityStatusCode.Unset);
    }

    [Theory]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0b", true)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0f", true)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", false)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0a", false)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-02", false)]
    [InlineData("01", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void The_sampled_flag_is_read_without_parsing(string? traceParent, bool sampled)
    {
        FlowTracing.IsSampled(traceParent).ShouldBe(sampled);
        (FlowTracing.TryParse(traceParent, null, out var context) && context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)).ShouldBe(sampled);
    }

    private static EventEnvelope Row(long sequence, string? traceParent) => Envelopes.PaidIn($"e{sequence}", sequence).WithTrace(traceParent, null);

    private sealed class RecordingWriter : IPartitionWriter
    {
        public PartitionId Partition { get; } = new("accounts", 0);

        public int MaxEventBytes => int.MaxValue;

        public Task Closed { get; } = new TaskCompletionSource().Task;

        public Exception? Fault { get; init; }

        public IReadOnlyList<EventEnvelope> Events { get; private set; } = [];

        public Task AppendAsync(IReadOnlyList<EventEnvelope> events, CancellationToken cancellationToken)
        {
            Events = events;
            return Fault is null ? Task.CompletedTask : Task.FromException(Fault);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
