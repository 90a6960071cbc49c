using System.Text;
using FlowPlatform.Log;

namespace FlowPlatform.Tests.Compliance;

// Appending, de-duplication, sizes.
public abstract partial class EventLogCompliance
{
    [Fact]
    public async Task Everything_of_an_event_comes_back()
    {
        var partition = await CreateAsync();
        var full = new EventEnvelope
        {
            Id = "0197a7b0-1111-7000-8000-000000000001",
            Type = "orders.placed.v1",
            Source = "orders",
            Key = "Ключ-鍵-🔑",
            Time = new DateTimeOffset(2010, 12, 1, 8, 26, 0, TimeSpan.Zero).AddTicks(1234567),
            CommittedAt = new DateTimeOffset(2026, 2, 3, 4, 5, 6, 789, TimeSpan.Zero),
            ContentType = "application/json; charset=utf-8",
            TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            TraceState = "vendor=value",
            CorrelationId = "correlation",
            CausationId = "cause",
            Producer = "orders/incarnation",
            Sequence = 1,
            Data = Encoding.UTF8.GetBytes("""{"total":"12.50","name":"Käse"}"""),
        };
        var bare = Event(2, "orders/incarnation");
        await AppendAsync(partition, [full, bare], "orders/incarnation");

        var records = await ReadAllAsync(partition, 2);
        foreach (var (wanted, record) in new[] { full, bare }.Zip(records))
        {
            var actual = record.Event;
            (actual.Id, actual.Type, actual.Source, actual.Key, actual.Time, actual.CommittedAt, actual.ContentType)
                .ShouldBe((wanted.Id, wanted.Type, wanted.Source, wanted.Key, wanted.Time, wanted.CommittedAt, wanted.ContentType));
            (actual.TraceParent, actual.TraceState, actual.CorrelationId, actual.CausationId, actual.Producer, actual.Sequence)
                .ShouldBe((wanted.TraceParent, wanted.TraceState, wanted.CorrelationId, wanted.CausationId, wanted.Producer, wanted.Sequence));
            actual.Data.ToArray().ShouldBe(wanted.Data.ToArray());
            record.Partition.ShouldBe(partition);
        }
    }

    [Fact]
    public async Task Bodies_of_every_size_come_back_unchanged()
    {
        int[] sizes = [1, 127, 128, 254, 255, 256, 65_535, 65_536, 300_000];
        var partition = await CreateAsync();
        var events = sizes.Select((size, i) => Event(i + 1, data: Filled(size))).ToList();
        await AppendAsync(partition, events);

        var records = await ReadAllAsync(partition, sizes.Length);
        records.Select(record => record.Event.Data.Length).ShouldBe(sizes);
        records.All(record => record.Event.Data.Span.SequenceEqual(Filled(record.Event.Data.Length))).ShouldBeTrue();
    }

    [Fact]
    public async Task Order_holds_per_partition_while_all_are_written_at_once()
    {
        const int partitions = 3;
        const int count = 2_000;
        var first = await CreateAsync(partitions);
        var all = Enumerable.Range(0, partitions).Select(index => first with { Index = index }).ToList();
        await Task.WhenAll(all.Select(async partition =>
        {
            var producer = $"tests/{partition.Index}";
            var writer = await WriterAsync(partition, producer);
            var appends = Events(1, count, producer).Chunk(37).Select(part => writer.AppendAsync(part, Token)).ToList();
            await Task.WhenAll(appends);
        }));

        foreach (var partition in all)
        {
            var records = await ReadAllAsync(partition, count);
            Sequences(records).ShouldBe(Range(1, count));
            records.ShouldAllBe(record => record.Event.Producer == $"tests/{partition.Index}");
            records.Zip(records.Skip(1)).ShouldAllBe(pair => pair.First.Offset < pair.Second.Offset);
        }
    }

    [Fact]
    public async Task Appends_that_overlap_keep_the_order_of_the_calls()
    {
        var partition = await CreateAsync();
        var writer = await WriterAsync(partition);
        var appends = Enumerable.Range(1, 500).Select(sequence => writer.AppendAsync([Event(sequence)], Token)).ToList();
        await Task.WhenAll(appends);
        Sequences(await ReadAllAsync(partition, 500)).ShouldBe(Range(1, 500));
    }

    [Fact]
    public async Task More_events_than_fit_in_flight_go_in_one_call()
    {
        const int count = 25_000;
        var partition = await CreateAsync();
        await AppendAsync(partition, Events(1, count));
        Sequences(await ReadAllAsync(partition, count)).ShouldBe(Range(1, count));
    }

    [Fact]
    public async Task An_append_of_nothing_completes()
    {
        var partition = await CreateAsync();
        await AppendAsync(partition, []);
        (await Log.ReadLastAsync(partition, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task What_a_producer_sends_again_is_confirmed_and_stored_once()
    {
        var partition = await CreateAsync();
        await AppendAsync(partition, Events(1, 10));
        await AppendAsync(partition, Events(1, 10));
        await AppendAsync(partition, Events(6, 10));
        await AppendAsync(partition, Events(16, 1));
        Sequences(await ReadAllAsync(partition, 16)).ShouldBe(Range(1, 16));
    }

    [Fact]
    public async Task A_sequence_below_the_last_stored_one_is_dropped_even_if_it_was_never_stored()
    {
        var partition = await CreateAsync();
        await AppendAsync(partition, [Event(1), Event(5)]);
        await AppendAsync(partition, [Event(3)]);
        await AppendAsync(partition, [Event(6)]);
        Sequences(await ReadAllAsync(partition, 3)).ShouldBe([1, 5, 6]);
    }

    [Fact]
    public async Task Producers_have_sequences_of_their_own()
    {
        var partition = await CreateAsync();
        await AppendAsync(partition, Events(1, 5, "a/1"), "a/1");
        await AppendAsync(partition, Events(1, 5, "a/2"), "a/2");
        var records = await ReadAllAsync(partition, 10);
        records.Select(record => record.Event.Producer).ShouldBe([.. Enumerable.Repeat("a/1", 5), .. Enumerable.Repeat("a/2", 5)]);
    }

    [Fact]
    public async Task An_event_of_nearly_the_largest_size_passes_through()
    {
        var partition = await CreateAsync();
        var writer = await WriterAsync(partition);
        var data = Filled(writer.MaxEventBytes - 1024);
        await writer.AppendAsync([Event(1, data: data), Event(2)], Token);
        var records = await ReadAllAsync(partition, 2);
        records[0].Event.Data.Span.SequenceEqual(data).ShouldBeTrue();
    }

    [Fact]
    public async Task An_event_that_is_too_large_stops_its_whole_call_and_nothing_else()
    {
        var partition = await CreateAsync();
        var writer = await WriterAsync(partition);
        var tooLarge = Event(2, data: Filled(writer.MaxEventBytes + 1));
        var error = await Should.ThrowAsync<EventTooLargeException>(() => writer.AppendAsync([Event(1), tooLarge], Token));
        (error.EventId, error.Limit).ShouldBe((tooLarge.Id, writer.MaxEventBytes));
        error.Bytes.ShouldBeGreaterThan(error.Limit);
        (await Log.ReadLastAsync(partition, Token)).ShouldBeNull();

        await writer.AppendAsync([Event(1)], Token);
        Sequences(await ReadAllAsync(partition, 1)).ShouldBe([1]);
    }

    [Fact]
    public async Task An_append_that_is_cancelled_before_it_starts_stores_nothing()
    {
        var partition = await CreateAsync();
        var writer = await WriterAsync(partition);
        await Should.ThrowAsync<OperationCanceledException>(() => writer.AppendAsync(Events(1, 3), new CancellationToken(canceled: true)));
        await writer.AppendAsync(Events(1, 2), Token);
        Sequences(await ReadAllAsync(partition, 2)).ShouldBe([1, 2]);
    }

    private static byte[] Filled(int size)
    {
        var data = new byte[size];
        for (var i = 0; i < size; i++)
        {
            data[i] = (byte)('a' + (i % 26));
        }

        return data;
    }
}
