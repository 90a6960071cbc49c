using System.Diagnostics;
using System.Diagnostics.Metrics;
using FlowPlatform.Log;
using FlowPlatform.Tests.Runtime;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.Tests.Telemetry;

/// <summary>Spans and metrics of a whole service: decision, relay, consumers, command.</summary>
[Collection(nameof(Listening))]
public sealed class FlowSpanTests : IDisposable
{
    private static readonly PartitionId Accounts = new("accounts", 0);
    private readonly TemporaryDirectory directory = new();
    private readonly MemoryEventLog log = new();
    private readonly SpanRecorder spans = new();
    private readonly ActivitySource outside = new("FlowPlatform.Tests");

    public void Dispose()
    {
        outside.Dispose();
        spans.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task A_decision_and_all_that_comes_of_it_are_one_trace()
    {
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        await bank.HasAttachedAsync();
        using (var request = Request("vendor=1"))
        {
            await bank.PayInAsync("a", 1);
            request.Stop();
            await Eventually.ThatAsync("the greeting's event is sent", () => spans.Named("send thanks").Count(span => span.TraceId == request.TraceId) == 2);
            await Eventually.ThatAsync("the command is sent", () => spans.Named("send bank.greet").Any(span => span.TraceId == request.TraceId));
            await Eventually.ThatAsync("the total is there", () => spans.Named("COMMIT totals.g1.db").Any(span => span.TraceId == request.TraceId));

            var decision = ChildOf(request, "COMMIT main.db");
            var sent = ChildOf(decision, "send accounts");
            var summed = ChildOf(sent, "process accounts", "totals");
            ChildOf(summed, "COMMIT totals.g1.db");
            var thanked = ChildOf(sent, "process accounts", "thank-payers");
            ChildOf(thanked, "COMMIT main.db");
            ChildOf(thanked, "send thanks");
            var command = ChildOf(thanked, "send bank.greet");
            var greeted = ChildOf(command, "process bank.greet", "bank", all: true);
            ChildOf(greeted, "COMMIT main.db");
            ChildOf(greeted, "send thanks");
            spans.Ended.Where(span => span.TraceId == request.TraceId).ShouldAllBe(span => span.TraceStateString == "vendor=1");
        }
    }

    [Fact]
    public async Task A_request_that_was_not_sampled_keeps_its_trace_and_costs_no_span()
    {
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        await bank.HasAttachedAsync();
        using var request = new Activity("POST").SetIdFormat(ActivityIdFormat.W3C).Start();
        await bank.PayInAsync("a", 1);
        request.Stop();
        await bank.HasTotalAsync("a", 1, 1);
        await Eventually.ThatAsync("it is thanked for", () => Thanks().Count == 2);

        Thanks().ShouldAllBe(record => record.Event.TraceParent == $"00-{request.TraceId}-{request.SpanId}-00");
        spans.Ended.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_reactor_that_replays_emits_outside_the_old_traces()
    {
        var old = Producers.New();
        await log.EnsureStreamAsync(new StreamDefinition("accounts", 3), TestContext.Current.CancellationToken);
        log.Append(Accounts, Envelopes.PaidIn("e1", 1).WithTrace(old.TraceParent(), null));
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        await Eventually.ThatAsync("the greeting's event is sent", () => Thanks().Count == 2);

        var replays = spans.Ended.Where(span => span.GetTagItem("flow.replay") is true).ToList();
        replays.Select(span => span.GetTagItem("messaging.consumer.group.name")).ShouldBe(["totals", "thank-payers"], ignoreOrder: true);
        replays.ShouldAllBe(span => span.Links.Single().Context.SpanId == old.SpanId);
        spans.Ended.ShouldNotContain(span => span.TraceId == old.TraceId);
        var reacted = replays.Single(span => span.GetTagItem("messaging.consumer.group.name") is "thank-payers");
        Thanks().ShouldAllBe(record => record.Event.TraceParent!.Contains(reacted.TraceId.ToHexString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Latency_is_of_live_events_and_each_counts_once()
    {
        var latencies = new List<(string Consumer, string Stream)>();
        using var meters = Listen("flow.event.latency", tags => latencies.Add(((string)tags["flow.consumer"]!, (string)tags["flow.stream"]!)));
        log.Append(Accounts, Envelopes.PaidIn("e1", 1), Envelopes.PaidIn("e2", 2), Envelopes.PaidIn("e3", 3));
        await using (var bank = await BankHost.StartAsync(log, directory.Path))
        {
            await bank.HasTotalAsync("a", 3, 3);
            log.Append(Accounts, Envelopes.PaidIn("e4", 4), Envelopes.PaidIn("e5", 5));
            await bank.HasTotalAsync("a", 5, 5);
        }

        latencies.Count(latency => latency == ("totals", "accounts")).ShouldBe(2);
    }

    [Fact]
    public async Task What_is_unknown_is_not_measured()
    {
        var lags = 0;
        using var meters = Listen("flow.consumer.lag", _ => lags++);
        log.Append(Accounts, Envelopes.PaidIn("e1", 1));
        await using var bank = await BankHost.StartAsync(log, directory.Path);
        await Eventually.ThatAsync("both consumers' lag is known", async () => (await bank.Monitor.GetStatusAsync(TestContext.Current.CancellationToken)).Consumers.Count(row => row.Lag is not null) == 2);
        meters.RecordObservableInstruments();
        lags.ShouldBe(2, "one partition, two consumers");

        log.Away = true;
        await Eventually.ThatAsync("the log's end is unknown", async () => (await bank.Monitor.GetStatusAsync(TestContext.Current.CancellationToken)).Consumers.All(row => row.Lag is null));
        meters.RecordObservableInstruments();
        lags.ShouldBe(2);
    }

    private Activity Request(string state)
    {
        var request = outside.StartActivity("POST", ActivityKind.Server)!;
        request.TraceStateString = state;
        return request;
    }

    private List<LogRecord> Thanks() => [.. log.Records(new("thanks", 0)), .. log.Records(new("thanks", 1))];

    private Activity ChildOf(Activity parent, string name, string? consumer = null, bool all = false)
    {
        var found = spans.Ended.Where(span => span.DisplayName == name && span.TraceId == parent.TraceId && span.ParentSpanId == parent.SpanId
            && (consumer is null || span.GetTagItem("messaging.consumer.group.name") as string == consumer)).ToList();
        (found.Count == 1 || (all && found.Count > 0)).ShouldBeTrue($"{name} below {parent.DisplayName}: {found.Count}");

        // A command that comes twice is found in the inbox the second time, and does nothing then.
        return found.MaxBy(span => spans.Ended.Count(child => child.ParentSpanId == span.SpanId))!;
    }

    private static MeterListener Listen(string instrument, Action<Dictionary<string, object?>> measured)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (published, listener) =>
            {
                if (published.Name == instrument)
                {
                    listener.EnableMeasurementEvents(published);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) => Measure(tags));
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => Measure(tags));
        listener.Start();
        return listener;

        void Measure(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            lock (measured)
            {
                measured(new Dictionary<string, object?>(tags.ToArray()));
            }
        }
    }
}
