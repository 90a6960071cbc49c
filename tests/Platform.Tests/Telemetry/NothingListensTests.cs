using FlowPlatform.Log;
using FlowPlatform.Stores;
using FlowPlatform.Telemetry;
using FlowPlatform.Tests.Runtime;

namespace FlowPlatform.Tests.Telemetry;

/// <summary>What tracing costs where it is not wanted.</summary>
[Collection(nameof(Listening))]
public sealed class NothingListensTests
{
    private static readonly LogRecord[] Sampled = [.. Enumerable.Range(1, 100).Select(i => Envelopes.PaidIn($"e{i}", i).WithTrace(Producers.New().TraceParent(), null).At(i))];
    private static readonly LogRecord[] Unsampled = [.. Enumerable.Range(1, 100).Select(i => Envelopes.PaidIn($"e{i}", i).WithTrace(Producers.New(sampled: false).TraceParent(), null).At(i))];

    [Fact]
    public void Where_nobody_listens_nothing_is_allocated() => Allocated(Sampled).ShouldBe(0);

    [Fact]
    public void Where_no_producer_was_sampled_nothing_is_allocated()
    {
        using var spans = new SpanRecorder();

        Allocated(Unsampled).ShouldBe(0);
        Allocated(Sampled).ShouldBePositive("or it would measure nothing");
    }

    private static long Allocated(LogRecord[] records)
    {
        var writer = new SilentWriter();
        IReadOnlyList<EventEnvelope> rows = [.. records.Select(record => record.Event)];
        var totals = new Totals();
        PendingCommand[] commands = [.. records.Select(record => new PendingCommand(Guid.Empty, "bank.greet", default, default, "", null, record.Event.TraceParent))];
        Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        return GC.GetAllocatedBytesForCurrentThread() - before;

        void Run()
        {
            SendTrace.AppendAsync(writer, rows, "flow", CancellationToken.None).IsCompletedSuccessfully.ShouldBeTrue();
            BatchTrace.Start(totals, records, default, "flow")?.Dispose();
            foreach (var command in commands)
            {
                CommandTrace.StartProcessing(command, "flow", "bank", 1)?.Dispose();
            }
        }
    }

    private sealed class SilentWriter : IPartitionWriter
    {
        public PartitionId Partition { get; } = new("accounts", 0);

        public int MaxEventBytes => int.MaxValue;

        public Task Closed { get; } = new TaskCompletionSource().Task;

        public Task AppendAsync(IReadOnlyList<EventEnvelope> events, CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
