using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Tests.Support;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FlowPlatform.Tests.Compliance;

/// <summary>
/// Every way in which a log can differ from what a checkpoint and an outbox remember of it, on a real engine: it is detected and named, with the cure, and the cure works. Nothing is lost or applied twice.
/// </summary>
public abstract class LogIdentityCompliance : IAsyncLifetime
{
    private const int Ballast = 10_000;
    private readonly TemporaryDirectory directory = new();
    private readonly StreamDefinition stream = new($"i{Guid.NewGuid():N}"[..20], 1);
    private readonly List<LogIdentityService> services = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IEventLog Log { get; set; } = null!;

    private PartitionId Partition => new(stream.Name, 0);

    public async ValueTask InitializeAsync() => Log = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var service in services)
        {
            await service.DisposeAsync();
        }

        await Log.DisposeAsync();
        await DeleteAsync(stream);
        directory.Dispose();
    }

    /// <summary>Opens a log on the engine.</summary>
    protected abstract ValueTask<IEventLog> OpenAsync();

    /// <summary>Opens a log on another engine of the same kind.</summary>
    protected abstract ValueTask<IEventLog> OpenOtherAsync();

    /// <summary>Remembers what the partition holds now.</summary>
    /// <returns>Stops the engine, takes away everything that came later, and starts it again: a crash that lost the tail.</returns>
    protected abstract ValueTask<Func<Task>> RememberAsync(PartitionId partition);

    /// <summary>Deletes a stream with all that is in it, behind everybody's back.</summary>
    protected abstract Task DeleteAsync(StreamDefinition definition);

    /// <summary>Adds a partition behind the last one, behind everybody's back.</summary>
    protected abstract Task AddPartitionAsync(StreamDefinition definition);

    /// <summary>Takes it away again.</summary>
    protected abstract Task RemovePartitionAsync(StreamDefinition definition);

    [Fact]
    public async Task A_lost_tail_is_noticed_by_its_readers_published_again_and_applied_once()
    {
        var producer = await ProducerAsync();
        var reader = await ReaderAsync();
        await producer.PassAsync(1, 30);
        await reader.HasAsync(Numbers(1, 30));
        var loseTheRest = await RememberAsync(Partition);
        await producer.PassAsync(31, 30);
        await reader.HasAsync(Numbers(1, 60));
        await producer.DisposeAsync();

        await loseTheRest();

        await reader.IsAsync("refilling", "has lost sequences 31 to 60", "which were applied", "Nothing is missing here", "publishes them again");
        (await reader.HealthAsync()).Status.ShouldBe(HealthStatus.Degraded);
        producer = await ProducerAsync();
        await producer.PassAsync(61, 5);
        await reader.HasAsync(Numbers(1, 65));
        await reader.IsAsync("live");
        (await producer.Repair.ReadIncidentsAsync(Cancel)).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            incident => incident.Kind.ShouldBe("lost-tail"), incident => incident.Detail.ShouldContain("had confirmed 60"), incident => incident.Detail.ShouldContain("Sequences 31 to 60 are published again."));
        (await SequencesAsync()).ShouldBe(Numbers(1, 65).Select(number => (long)number));
    }

    [Fact]
    public async Task A_lost_tail_whose_rows_were_trimmed_is_announced_as_a_gap_that_stops_who_missed_it_until_it_is_accepted()
    {
        var producer = await ProducerAsync();
        var reader = await ReaderAsync();
        await producer.PassAsync(1, 30);
        await reader.HasAsync(Numbers(1, 30));
        var loseTheRest = await RememberAsync(Partition);
        await producer.PassAsync(31, 30);
        await reader.HasAsync(Numbers(1, 60));
        await Eventually.ThatAsync("rows up to 50 are trimmed", async () =>
        {
            await producer.Store.Outbox.TrimAsync(Partition, 50, 1_000, Cancel);
            return await producer.Store.Outbox.FindLowestAsync(Partition, Cancel) == 51;
        });
        await producer.DisposeAsync();
        await loseTheRest();

        producer = await ProducerAsync();
        await producer.PassAsync(61, 5);
        await reader.HasAsync(Numbers(1, 65));
        (await reader.Repair.ReadIncidentsAsync(Cancel)).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            incident => incident.Kind.ShouldBe("gap"), incident => incident.Detail.ShouldContain("lost sequences 31 to 50"));

        var late = await ReaderAsync("late");
        await late.IsAsync("stopped", "misses", "sequences 31 to 50", "flow accept-gap");
        (await late.HealthAsync()).Status.ShouldBe(HealthStatus.Unhealthy);
        var gap = await late.Repair.AcceptGapAsync("passages", Partition, "ann", "they are gone", Cancel);
        (gap.Case, gap.From, gap.To).ShouldBe(("Hole", 31, 50));
        await late.HasAsync([.. Numbers(1, 30), .. Numbers(51, 15)]);
        (await late.Repair.ReadIncidentsAsync(Cancel)).ShouldContain(incident => incident.Kind == "gap-accepted" && incident.Detail.Contains("Accepted by ann: they are gone", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Retention_that_overtook_a_reader_is_named_with_what_is_missing_and_can_be_accepted()
    {
        var kept = stream with { SegmentBytes = 500_000, MaxBytes = 2_000_000 };
        var producer = await ProducerAsync(kept);
        await using (var before = await ReaderAsync(kept))
        {
            await producer.PassAsync(1, 10);
            await before.HasAsync(Numbers(1, 10));
        }

        var last = 10;
        await Eventually.ThatAsync("retention has passed the reader", async () =>
        {
            await producer.PassAsync(last + 1, 50, ballast: new string('1', Ballast));
            last += 50;
            return (await Log.ReadFirstAsync(Partition, Cancel))!.Value.Event.Sequence > 15;
        });

        var reader = await ReaderAsync(kept);
        await reader.IsAsync("stopped", "(RetentionOvertook)", "11 of gates/", "is needed next", "flow accept-gap");
        (await reader.HealthAsync()).Status.ShouldBe(HealthStatus.Unhealthy);
        var first = (int)(await Log.ReadFirstAsync(Partition, Cancel))!.Value.Event.Sequence;
        var gap = await reader.Repair.AcceptGapAsync("passages", Partition, "ann", "nobody needs them", Cancel);
        (gap.Case, gap.From, gap.To).ShouldBe(("RetentionOvertook", 11, first - 1));
        await reader.HasAsync([.. Numbers(1, 10), .. Numbers(first, last - first + 1)]);
        await reader.IsAsync("live");
    }

    [Fact]
    public async Task A_stream_that_was_deleted_under_everybody_is_named_and_filled_again_by_adopting_it()
    {
        var producer = await ProducerAsync();
        var reader = await ReaderAsync();
        await producer.PassAsync(1, 20);
        await reader.HasAsync(Numbers(1, 20));

        await DeleteAsync(stream);

        await producer.OutboxIsAsync("stopped", "(Vanished)", "had confirmed 20", "created anew", "flow adopt");
        await reader.IsAsync("unavailable", "(Emptied)", "20 events of it were applied", "flow adopt");
        var adoption = await producer.Repair.AdoptAsync("ann", "deleted by mistake", Cancel);
        (adoption.From == adoption.To, adoption.Beyond, adoption.PublishedAgain).ShouldBe((true, 0, 20));
        await producer.PassAsync(21, 5);
        await reader.HasAsync(Numbers(1, 25));
        await reader.IsAsync("live");
        (await SequencesAsync()).ShouldBe(Numbers(1, 25).Select(number => (long)number));
    }

    [Fact]
    public async Task A_stream_that_was_created_anew_and_written_by_a_new_producer_is_named_and_can_be_accepted()
    {
        await using (var producer = await ProducerAsync())
        await using (var before = await ReaderAsync())
        {
            await producer.PassAsync(1, 20);
            await before.HasAsync(Numbers(1, 20));
        }

        await DeleteAsync(stream);
        await (await ProducerAsync(store: "new")).PassAsync(101, 5);

        var reader = await ReaderAsync();
        await reader.IsAsync("stopped", "(Recreated)", "deleted and created anew", "rebuild the consumer", "flow accept-gap");
        (await reader.NumbersAsync()).ShouldBe(Numbers(1, 20));
        var gap = await reader.Repair.AcceptGapAsync("passages", Partition, "ann", "the old stream is gone", Cancel);
        (gap.Case, gap.From, gap.To).ShouldBe(("Recreated", null, null));
        await reader.HasAsync([.. Numbers(1, 20), .. Numbers(101, 5)]);
    }

    [Fact]
    public async Task Another_number_of_partitions_is_named_by_both_and_nothing_is_repaired_but_by_taking_it_back()
    {
        await using (var before = await ProducerAsync())
        await using (var first = await ReaderAsync())
        {
            await before.PassAsync(1, 10);
            await first.HasAsync(Numbers(1, 10));
        }

        await AddPartitionAsync(stream);

        await using (var producer = await ProducerAsync())
        await using (var reader = await ReaderAsync())
        {
            await producer.OutboxIsAsync("stopped", "has 2 partitions and is defined with 1", "The number is fixed");
            await reader.IsAsync("stopped", "(PartitionCountChanged)", "has 2 partitions, but had 1", "Keys would move");
            (await Should.ThrowAsync<RepairRefusedException>(() => producer.Repair.AdoptAsync("ann", "why not", Cancel))).Message.ShouldContain("would not help");
            (await Should.ThrowAsync<RepairRefusedException>(() => reader.Repair.AcceptGapAsync("passages", Partition, "ann", "why not", Cancel))).Message.ShouldContain("no gap");
        }

        await RemovePartitionAsync(stream);
        await (await ProducerAsync()).PassAsync(11, 5);
        await (await ReaderAsync()).HasAsync(Numbers(1, 15));
    }

    [Fact]
    public async Task Another_broker_is_named_by_both_and_on_the_right_one_they_go_on()
    {
        await using var other = await OpenOtherAsync();
        await using (var stranger = await ProducerAsync(store: "stranger", log: other))
        {
            await stranger.PassAsync(901, 5);
        }

        await using (var before = await ProducerAsync())
        await using (var first = await ReaderAsync())
        {
            await before.PassAsync(1, 10);
            await first.HasAsync(Numbers(1, 10));
        }

        await using (var producer = await ProducerAsync(log: other))
        await using (var reader = await ReaderAsync(log: other))
        {
            await producer.OutboxIsAsync("stopped", "(Vanished)", "another broker");
            await reader.IsAsync("stopped", "(OtherBroker)", "another broker. Connect to the right one.");
            (await reader.NumbersAsync()).ShouldBe(Numbers(1, 10));
        }

        await (await ProducerAsync()).PassAsync(11, 5);
        await (await ReaderAsync()).HasAsync(Numbers(1, 15));
    }

    [Fact]
    public async Task A_restored_store_is_named_and_adopting_the_log_lets_it_publish_what_is_new_once()
    {
        await using (var producer = await ProducerAsync())
        {
            await producer.PassAsync(1, 10);
        }

        var main = Path.Combine(directory.Path, "gates", "main.db");
        File.Copy(main, $"{main}.backup");
        await using (var producer = await ProducerAsync())
        {
            await producer.PassAsync(11, 10);
        }

        File.Copy($"{main}.backup", main, overwrite: true);
        var restored = await ProducerAsync();
        await restored.OutboxIsAsync("stopped", "(LogAhead)", "the log has sequence 20, but the outbox has assigned only 10", "restored from an older backup", "flow adopt");
        (await restored.HealthAsync()).Status.ShouldBe(HealthStatus.Unhealthy);
        var adoption = await restored.Repair.AdoptAsync("ann", "restored", Cancel);
        (adoption.From == adoption.To, adoption.Beyond, adoption.PublishedAgain).ShouldBe((false, 10, 0));
        await restored.PassAsync(21, 5);
        await (await ReaderAsync()).HasAsync(Numbers(1, 25));
        (await SequencesAsync()).ShouldBe([.. Numbers(1, 20).Select(number => (long)number), 1, 2, 3, 4, 5]);
    }

    private static IEnumerable<int> Numbers(int first, int count) => Enumerable.Range(first, count);

    private Task<LogIdentityService> ProducerAsync(StreamDefinition? definition = null, string store = "gates", IEventLog? log = null) =>
        KeptAsync(LogIdentityService.StartProducerAsync(log ?? Log, definition ?? stream, Path.Combine(directory.Path, store)));

    private Task<LogIdentityService> ReaderAsync(StreamDefinition? definition = null, string store = "counting", IEventLog? log = null) =>
        KeptAsync(LogIdentityService.StartReaderAsync(log ?? Log, definition ?? stream, Path.Combine(directory.Path, store)));

    private Task<LogIdentityService> ReaderAsync(string store) => ReaderAsync(null, store);

    private async Task<LogIdentityService> KeptAsync(Task<LogIdentityService> starting)
    {
        var service = await starting;
        services.Add(service);
        return service;
    }

    private async Task<List<long>> SequencesAsync()
    {
        var end = (await Log.ReadLastAsync(Partition, Cancel))!.Value.Offset;
        await using var reader = await Log.OpenReaderAsync(Partition, LogPosition.First, Cancel);
        List<long> sequences = [];
        for (var at = -1L; at < end;)
        {
            using var batch = await reader.ReadAsync(Cancel);
            sequences.AddRange(batch.Records.Select(record => record.Event.Sequence));
            at = batch.Records[^1].Offset;
        }

        return sequences;
    }
}
