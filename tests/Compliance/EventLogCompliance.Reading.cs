using FlowPlatform.Log;

namespace FlowPlatform.Tests.Compliance;

// Readers: positions, waiting, independence, bounds, cancellation.
public abstract partial class EventLogCompliance
{
    [Fact]
    public async Task A_reader_starts_at_any_offset_also_in_the_middle_of_a_batch()
    {
        var partition = await CreateAsync();
        await AppendAsync(partition, Events(1, 1));
        await AppendAsync(partition, Events(2, 30));
        await AppendAsync(partition, Events(32, 5));
        var all = await ReadAllAsync(partition, 36);

        foreach (var wanted in all)
        {
            await using var reader = await Log.OpenReaderAsync(partition, LogPosition.At(wanted.Offset), Token);
            using var batch = await reader.ReadAsync(Token);
            (batch.Records[0].Offset, batch.Records[0].Event.Sequence).ShouldBe((wanted.Offset, wanted.Event.Sequence));
        }
    }

    [Fact]
    public async Task A_reader_after_the_newest_offset_gets_what_comes_next()
    {
        var partition = await CreateAsync();
        await AppendAsync(partition, Events(1, 10));
        var last = (await ReadAllAsync(partition, 10))[^1];
        var reader = await ReaderAsync(partition, LogPosition.At(last.Offset + 1));
        await AppendAsync(partition, Events(11, 3));
        Sequences(await ReadAsync(reader, 3)).ShouldBe([11, 12, 13]);
    }

    [Fact]
    public async Task A_reader_at_next_gets_only_what_comes()
    {
        var partition = await CreateAsync();
        await AppendAsync(partition, Events(1, 10));
        var reader = await ReaderAsync(partition, LogPosition.Next);
        await AppendAsync(partition, Events(11, 2));
        Sequences(await ReadAsync(reader, 2)).ShouldBe([11, 12]);
    }

    [Fact]
    public async Task A_reader_at_last_starts_with_the_newest_batch()
    {
        var partition = await CreateAsync();
        await AppendAsync(partition, Events(1, 10));
        await AppendAsync(partition, Events(11, 1));
        var reader = await ReaderAsync(partition, LogPosition.Last);
        using var batch = await reader.ReadAsync(Token);
        batch.Records[^1].Event.Sequence.ShouldBe(11);
    }

    [Fact]
    public async Task A_reader_at_a_time_gets_what_was_stored_since()
    {
        var partition = await CreateAsync();
        await AppendAsync(partition, Events(1, 5));
        await AppendAsync(partition, Events(6, 5));
        var all = await ReadAllAsync(partition, 10);
        foreach (var stored in all.Select(record => record.Timestamp).Distinct())
        {
            await using var reader = await Log.OpenReaderAsync(partition, new LogPosition(LogPositionKind.Timestamp, stored.ToUnixTimeMilliseconds()), Token);
            using var batch = await reader.ReadAsync(Token);
            batch.Records[0].Offset.ShouldBe(all.First(record => record.Timestamp >= stored).Offset);
        }
    }

    [Fact]
    public async Task A_reader_waits_for_more()
    {
        var partition = await CreateAsync();
        var reader = await ReaderAsync(partition, LogPosition.First);
        var writer = await WriterAsync(partition);
        for (var sequence = 1; sequence <= 20; sequence++)
        {
            var waiting = reader.ReadAsync(Token);
            waiting.IsCompleted.ShouldBeFalse("nothing is there yet");
            await writer.AppendAsync([Event(sequence)], Token);
            using var batch = await waiting;
            Sequences(batch.Records).ShouldBe([sequence]);
        }
    }

    [Fact]
    public async Task The_log_can_be_read_again_and_again()
    {
        var partition = await CreateAsync();
        await AppendAsync(partition, Events(1, 100));
        var once = await ReadAllAsync(partition, 100);
        var again = await ReadAllAsync(partition, 100);
        again.Select(record => (record.Offset, record.Timestamp, record.Event.Id)).ShouldBe(once.Select(record => (record.Offset, record.Timestamp, record.Event.Id)));
    }

    [Fact]
    public async Task Another_client_reads_what_this_one_wrote()
    {
        var partition = await CreateAsync();
        await AppendAsync(partition, Events(1, 10));
        var other = await AnotherLogAsync();
        await using var reader = await other.OpenReaderAsync(partition, LogPosition.First, Token);
        Sequences(await ReadAsync(reader, 10)).ShouldBe(Range(1, 10));
    }

    [Fact]
    public async Task A_reader_that_never_disposes_holds_nobody_else()
    {
        var partition = await CreateAsync();
        var stuck = await ReaderAsync(partition, LogPosition.First);
        var writer = await WriterAsync(partition);
        var held = new List<LogBatch>();
        for (var sequence = 1; sequence <= UndisposedBatches; sequence++)
        {
            await writer.AppendAsync([Event(sequence)], Token);
            held.Add(await stuck.ReadAsync(Token));
        }

        await writer.AppendAsync(Events(UndisposedBatches + 1, 5_000), Token);
        Sequences(await ReadAllAsync(partition, UndisposedBatches + 5_000)).ShouldBe(Range(1, UndisposedBatches + 5_000));
        Sequences(held.SelectMany(batch => batch.Records)).ShouldBe(Range(1, UndisposedBatches));
    }

    [Fact]
    public async Task Batches_in_use_are_bounded_and_each_disposed_one_makes_room_for_another()
    {
        var partition = await CreateAsync();
        var reader = await ReaderAsync(partition, LogPosition.First);
        var witness = await ReaderAsync(partition, LogPosition.First);
        var writer = await WriterAsync(partition);
        var held = new Queue<LogBatch>();
        for (var sequence = 1; sequence <= UndisposedBatches; sequence++)
        {
            await writer.AppendAsync([Event(sequence)], Token);
            held.Enqueue(await reader.ReadAsync(Token));
        }

        for (var sequence = UndisposedBatches + 1; sequence <= UndisposedBatches + 5; sequence++)
        {
            await writer.AppendAsync([Event(sequence)], Token);
            var waiting = reader.ReadAsync(Token);
            var seen = await ReadAsync(witness, sequence == UndisposedBatches + 1 ? sequence : 1);
            seen[^1].Event.Sequence.ShouldBe(sequence);
            waiting.IsCompleted.ShouldBeFalse("another reader has the event, and this one has no room for it");

            var oldest = held.Dequeue();
            oldest.Dispose();
            oldest.Dispose();
            held.Enqueue(await waiting);
            held.Last().Records[^1].Event.Sequence.ShouldBe(sequence);
        }
    }

    [Fact]
    public async Task A_cancelled_read_loses_nothing()
    {
        const int count = 200;
        var partition = await CreateAsync();
        var reader = await ReaderAsync(partition, LogPosition.First);
        var writer = await WriterAsync(partition);
        var seen = new List<long>();
        for (var sequence = 1; sequence <= count; sequence++)
        {
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
            var reading = reader.ReadAsync(cancel.Token).AsTask();
            var appending = writer.AppendAsync([Event(sequence)], Token);
            await cancel.CancelAsync();
            try
            {
                using var batch = await reading;
                seen.AddRange(Sequences(batch.Records));
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested && !Token.IsCancellationRequested)
            {
                reading.IsCanceled.ShouldBeTrue();
            }

            await appending;
        }

        if (seen.Count < count)
        {
            seen.AddRange(Sequences(await ReadAsync(reader, count - seen.Count)));
        }

        seen.ShouldBe(Range(1, count));
    }

    [Fact]
    public async Task Opening_can_be_cancelled()
    {
        var partition = await CreateAsync();
        var cancelled = new CancellationToken(canceled: true);
        await Should.ThrowAsync<OperationCanceledException>(() => Log.OpenReaderAsync(partition, LogPosition.First, cancelled));
        await Should.ThrowAsync<OperationCanceledException>(() => Log.OpenWriterAsync(partition, "tests/1", cancelled));
        await Should.ThrowAsync<OperationCanceledException>(() => Log.ReadLastAsync(partition, cancelled));
    }
}
