using System.Diagnostics;
using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Runtime;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.Tests.Telemetry;

/// <summary>Spans of one consumer's transactions, on a real store.</summary>
[Collection(nameof(Listening))]
public sealed class ConsumerSpanTests : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private readonly SpanRecorder spans = new();
    private readonly SqliteServiceStore main;
    private readonly PartitionCursor cursor = new(Envelopes.Fresh());
    private readonly Totals totals = new(parks: false);
    private IStore store = null!;
    private long sequence;

    public ConsumerSpanTests() => main = new(directory.Path, typeof(ConsumerSpanTests).Assembly, new PublishedStreams("bank"), TimeProvider.System);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await main.OpenAsync(Cancel);
        store = await main.OpenGenerationAsync("totals", EmbeddedMigrations.Of(typeof(ConsumerSpanTests).Assembly, "totals"), Cancel);
        await store.WriteAsync(
            async transaction =>
            {
                await store.Checkpoints.CreateAsync(transaction, cursor.Current);
                return true;
            },
            Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        spans.Dispose();
        await main.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task A_batch_is_a_root_with_links_and_its_sampled_events_are_below_their_producers()
    {
        cursor.Attach(-1);
        var (first, second, silent) = (Producers.New(), Producers.New(), Producers.New(sampled: false));
        await ApplyAsync(Next(first), Next(silent), Next(null), Next(second));

        var batch = spans.Named("process accounts").Single(span => span.Links.Count() > 1);
        batch.ParentSpanId.ShouldBe(default);
        batch.Links.Select(link => link.Context.SpanId).ShouldBe([first.SpanId, second.SpanId]);
        batch.GetTagItem("messaging.batch.message_count").ShouldBe(4);
        batch.GetTagItem("messaging.consumer.group.name").ShouldBe("totals");
        batch.GetTagItem("messaging.destination.partition.id").ShouldBe("0");
        batch.GetTagItem("flow.replay").ShouldBeNull();

        var events = spans.Named("process accounts").Where(span => span != batch).ToList();
        events.Select(span => (span.TraceId, span.ParentSpanId)).ShouldBe([(first.TraceId, first.SpanId), (second.TraceId, second.SpanId)], ignoreOrder: true);
        events.ShouldAllBe(span => span.Links.Single().Context.SpanId == batch.SpanId);
        events.Select(span => span.GetTagItem("messaging.message.id")).ShouldBe(["e1", "e4"], ignoreOrder: true);

        var commits = spans.Named("COMMIT totals.g1.db");
        commits.Select(span => span.ParentSpanId).ShouldBe([batch.SpanId, .. events.Select(span => span.SpanId)], ignoreOrder: true);
        commits.Select(span => (span.StartTimeUtc, span.Duration)).Distinct().Count().ShouldBe(1, "They show one transaction.");
        Activity.Current.ShouldBeNull();
    }

    [Fact]
    public async Task A_single_event_needs_no_batch()
    {
        cursor.Attach(-1);
        var producer = Producers.New();
        await ApplyAsync(Next(producer));

        var handled = spans.Named("process accounts").ShouldHaveSingleItem();
        handled.ParentSpanId.ShouldBe(producer.SpanId);
        handled.Kind.ShouldBe(ActivityKind.Consumer);
        spans.Named("COMMIT totals.g1.db").ShouldHaveSingleItem().ParentSpanId.ShouldBe(handled.SpanId);
        spans.Ended.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Producers_that_were_not_sampled_cost_no_span()
    {
        cursor.Attach(-1);
        await ApplyAsync(Next(Producers.New(sampled: false)), Next(null), Next(Producers.New(sampled: false)));
        await ApplyAsync(Next(null));

        spans.Ended.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_event_that_nobody_handles_has_no_span()
    {
        cursor.Attach(-1);
        var (producer, other) = (Producers.New(), Producers.New());
        var foreign = Next(producer);
        await ApplyAsync(new LogRecord(foreign.Partition, foreign.Offset, foreign.Timestamp, Envelopes.Of("accounts.unheard-of.v1", foreign.Event)), Next(other));

        spans.Ended.ShouldContain(span => span.ParentSpanId == other.SpanId);
        spans.Ended.ShouldNotContain(span => span.ParentSpanId == producer.SpanId);
    }

    [Fact]
    public async Task A_batch_links_to_at_most_128_events()
    {
        cursor.Attach(-1);
        await ApplyAsync([.. Enumerable.Range(0, 150).Select(_ => Next(Producers.New()))]);

        spans.Named("process accounts").Max(span => span.Links.Count()).ShouldBe(128);
        spans.Named("process accounts").Count.ShouldBe(151);
    }

    [Fact]
    public async Task What_was_there_before_is_a_replay_with_a_root_of_its_own()
    {
        cursor.Attach(1);
        var (old, fresh) = (Producers.New(), Producers.New());
        await ApplyAsync(Next(old), Next(null), Next(fresh));

        var replay = spans.Ended.Single(span => span.GetTagItem("flow.replay") is true);
        replay.ParentSpanId.ShouldBe(default);
        replay.Links.Single().Context.SpanId.ShouldBe(old.SpanId);
        replay.GetTagItem("messaging.batch.message_count").ShouldBe(2);
        spans.Ended.ShouldNotContain(span => span.TraceId == old.TraceId);
        spans.Ended.ShouldContain(span => span.ParentSpanId == fresh.SpanId && span.GetTagItem("flow.replay") == null);
    }

    [Fact]
    public async Task A_replay_ends_where_the_log_ended_also_after_a_restart()
    {
        cursor.Attach(1);
        await ApplyAsync(Next(Producers.New()));
        var loaded = new PartitionCursor((await store.Checkpoints.LoadAsync("totals", Cancel)).Single());
        loaded.Attach(7);
        var (old, fresh) = (Next(Producers.New()), Next(Producers.New()));
        await ApplyAsync(loaded, old);
        await ApplyAsync(loaded, fresh);

        spans.Ended.Count(span => span.GetTagItem("flow.replay") is true).ShouldBe(2);
        spans.Ended.ShouldContain(span => span.Kind == ActivityKind.Consumer && span.GetTagItem("flow.replay") == null, "The last event is live.");
    }

    [Fact]
    public async Task A_consumer_from_before_there_were_replays_has_none()
    {
        cursor.Attach(-1);
        await ApplyAsync(Next(null));
        await store.WriteAsync(
            async transaction =>
            {
                await using var command = transaction.Connection.CreateCommand();
                command.CommandText = "UPDATE flow_checkpoint SET replay_to = NULL";
                return await command.ExecuteNonQueryAsync(Cancel);
            },
            Cancel);
        var loaded = new PartitionCursor((await store.Checkpoints.LoadAsync("totals", Cancel)).Single());
        loaded.Attach(1_000);

        loaded.ReplayTo.ShouldBe(-1);
    }

    [Fact]
    public async Task A_transaction_that_fails_is_an_error_on_what_failed_with_it()
    {
        cursor.Attach(-1);
        totals.Poison = "bad";
        var (good, bad) = (Producers.New(), Producers.New());
        await Should.ThrowAsync<PoisonEventException>(() => ApplyAsync(Next(good), Next(bad, "bad")));

        var batch = spans.Ended.Single(span => span.GetTagItem("messaging.batch.message_count") is not null);
        batch.Status.ShouldBe(ActivityStatusCode.Error);
        batch.GetTagItem("error.type").ShouldBe("System.InvalidOperationException");
        batch.Events.ShouldContain(e => e.Name == "exception");
        spans.Ended.Last(span => span.ParentSpanId == good.SpanId).Status.ShouldBe(ActivityStatusCode.Unset, "Alone it went through.");
        spans.Ended.Where(span => span.ParentSpanId == bad.SpanId).ShouldAllBe(span => span.Status == ActivityStatusCode.Error);
        spans.Ended.Count(span => span.ParentSpanId == bad.SpanId).ShouldBe(5, "Once with the batch, four times alone.");
        spans.Named("COMMIT totals.g1.db").Count(span => span.Status == ActivityStatusCode.Unset).ShouldBe(1);
    }

    private Task ApplyAsync(params LogRecord[] records) => ApplyAsync(cursor, records);

    private async Task ApplyAsync(PartitionCursor at, params LogRecord[] records)
    {
        var applier = new BatchApplier(totals, store, TimeProvider.System);
        var taken = new List<LogRecord>();
        applier.Begin();
        applier.Take(new FeedItem(at, new LogBatch(at.Partition, records, null)), taken).ShouldBeTrue();
        await applier.CommitAsync(taken, Cancel);
    }

    private LogRecord Next(ActivityContext? producer, string account = "a")
    {
        sequence++;
        return Envelopes.PaidIn($"e{sequence}", sequence, account: account).WithTrace(producer?.TraceParent(), null).At(sequence - 1);
    }
}
