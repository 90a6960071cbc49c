using FlowPlatform.Log;

namespace FlowPlatform.Tests.Compliance;

// What time and deletion do: timestamps, retention, streams made anew.
public abstract partial class EventLogCompliance
{
    [Fact]
    public async Task A_reader_between_two_times_starts_with_the_later()
    {
        var partition = await CreateAsync();
        var all = await AppendUntilTimePassesAsync(partition, times: 4);
        (await FirstSinceAsync(partition, DateTimeOffset.UnixEpoch)).Offset.ShouldBe(all[0].Offset);
        foreach (var earlier in all.Select(record => record.Timestamp).Distinct().SkipLast(1))
        {
            (await FirstSinceAsync(partition, earlier.AddMilliseconds(1))).Offset.ShouldBe(all.First(record => record.Timestamp > earlier).Offset);
        }
    }

    [Fact]
    public async Task A_reader_at_a_time_to_come_gets_only_what_comes()
    {
        var partition = await CreateAsync();
        await AppendAsync(partition, Events(1, 5));
        var last = (await Log.ReadLastAsync(partition, Token))!.Value;
        var reader = await ReaderAsync(partition, Since(last.Timestamp.AddHours(1)));
        await AppendAsync(partition, Events(6, 2));
        Sequences(await ReadAsync(reader, 2)).ShouldBe([6, 7]);
    }

    [Fact]
    public async Task A_reader_at_a_time_of_an_empty_partition_gets_what_comes()
    {
        var partition = await CreateAsync();
        var reader = await ReaderAsync(partition, Since(DateTimeOffset.UnixEpoch));
        await AppendAsync(partition, Events(1, 2));
        Sequences(await ReadAsync(reader, 2)).ShouldBe([1, 2]);
    }

    [Fact]
    public async Task What_retention_removed_is_gone_and_an_older_offset_is_clamped_to_what_is_left()
    {
        var (partition, count) = await OverflowAsync();
        var first = (await Log.ReadFirstAsync(partition, Token))!.Value;
        first.Offset.ShouldBeGreaterThan(0);
        (await Log.ReadAtAsync(partition, 0, Token))!.Value.Offset.ShouldBe(first.Offset);
        foreach (var from in new[] { LogPosition.First, LogPosition.At(0), LogPosition.At(first.Offset - 1), Since(DateTimeOffset.UnixEpoch) })
        {
            await using var reader = await Log.OpenReaderAsync(partition, from, Token);
            Sequences(await ReadAsync(reader, (int)(count - first.Event.Sequence + 1))).ShouldBe(Range((int)first.Event.Sequence, (int)(count - first.Event.Sequence + 1)));
        }

        (await Log.ReadLastOfAsync(partition, "tests/1", Token))!.Value.Event.Sequence.ShouldBe(count);
    }

    [Fact]
    public async Task A_reader_that_retention_passes_goes_on_with_what_is_left()
    {
        var definition = Define() with { MaxBytes = 200_000, SegmentBytes = 50_000 };
        await Log.EnsureStreamAsync(definition, Token);
        var partition = new PartitionId(definition.Name, 0);
        var slow = await ReaderAsync(partition, LogPosition.First);
        var seen = new List<LogRecord>();
        var count = await OverflowAsync(partition, by: 100);
        try
        {
            while (seen.Count == 0 || seen[^1].Event.Sequence < count)
            {
                using var batch = await slow.ReadAsync(Token);
                seen.AddRange(batch.Records);
            }
        }
        catch (EventLogUnavailableException)
        {
            // Where it was is no longer there. Opened again, as every reader is, it is clamped to what is left.
            var left = (await Log.ReadFirstAsync(partition, Token))!.Value.Event.Sequence;
            var again = await ReaderAsync(partition, LogPosition.At(seen.Count == 0 ? 0 : seen[^1].Offset + 1));
            seen.AddRange(await ReadAsync(again, (int)(count - left + 1)));
        }

        seen.Count.ShouldBeLessThan((int)count, "retention has passed it");
        seen.Zip(seen.Skip(1)).ShouldAllBe(pair => pair.First.Offset < pair.Second.Offset && pair.First.Event.Sequence < pair.Second.Event.Sequence);
    }

    [Fact]
    public async Task A_producer_whose_events_retention_removed_is_still_remembered()
    {
        var (partition, count) = await OverflowAsync();
        await AppendAsync(partition, [Event(1)]);
        (await Log.ReadLastAsync(partition, Token))!.Value.Event.Sequence.ShouldBe(count, "sequence 1 is dropped, though it is no longer there");
    }

    [Fact]
    public async Task Retention_never_removes_the_newest()
    {
        var definition = Define() with { MaxBytes = 1_000, SegmentBytes = 1_000_000 };
        await Log.EnsureStreamAsync(definition, Token);
        var partition = new PartitionId(definition.Name, 0);
        await AppendAsync(partition, [Event(1, data: Filled(100_000))]);
        await AppendAsync(partition, [Event(2, data: Filled(100_000))]);
        (await Log.ReadLastAsync(partition, Token))!.Value.Event.Sequence.ShouldBe(2);
    }

    [Fact]
    public async Task A_recreated_stream_starts_again_at_0_and_what_was_open_ends()
    {
        var definition = Define();
        await Log.EnsureStreamAsync(definition, Token);
        var partition = new PartitionId(definition.Name, 0);
        await AppendAsync(partition, Events(1, 10, "tests/2"), "tests/2");
        var writer = await WriterAsync(partition);
        await writer.AppendAsync(Events(1, 10), Token);
        var reader = await ReaderAsync(partition, LogPosition.Next);
        var waiting = reader.ReadAsync(Token).AsTask();

        await DeleteStreamAsync(definition);

        await Should.ThrowAsync<EventLogUnavailableException>(() => waiting);
        await Should.ThrowAsync<EventLogUnavailableException>(() => reader.ReadAsync(Token).AsTask());
        await writer.Closed.WaitAsync(Token);
        await Should.ThrowAsync<EventLogUnavailableException>(() => writer.AppendAsync(Events(11, 1), Token));
        await Should.ThrowAsync<StreamNotFoundException>(() => Log.ReadLastAsync(partition, Token));

        await Log.EnsureStreamAsync(definition, Token);
        (await Log.ReadLastAsync(partition, Token)).ShouldBeNull();
        await AppendAsync(partition, Events(1, 3));
        var records = await ReadAllAsync(partition, 3);
        Sequences(records).ShouldBe([1, 2, 3]);
        records[0].Offset.ShouldBe(0);
    }

    private static LogPosition Since(DateTimeOffset time) => new(LogPositionKind.Timestamp, time.ToUnixTimeMilliseconds());

    private async Task<LogRecord> FirstSinceAsync(PartitionId partition, DateTimeOffset time)
    {
        await using var reader = await Log.OpenReaderAsync(partition, Since(time), Token);
        using var batch = await reader.ReadAsync(Token);
        return batch.Records[0];
    }

    /// <summary>Appends single events until so many different times were stored; returns them all.</summary>
    private async Task<List<LogRecord>> AppendUntilTimePassesAsync(PartitionId partition, int times)
    {
        var writer = await WriterAsync(partition);
        var all = new List<LogRecord>();
        while (all.Select(record => record.Timestamp).Distinct().Count() < times)
        {
            await writer.AppendAsync([Event(all.Count + 1)], Token);
            all.Add((await Log.ReadLastAsync(partition, Token))!.Value);
        }

        return all;
    }

    private async Task<(PartitionId Partition, long Count)> OverflowAsync()
    {
        var definition = Define() with { MaxBytes = 200_000, SegmentBytes = 50_000 };
        await Log.EnsureStreamAsync(definition, Token);
        var partition = new PartitionId(definition.Name, 0);
        return (partition, await OverflowAsync(partition, by: 1));
    }

    /// <summary>Writes more than the stream keeps, until so many events of its head are gone.</summary>
    private async Task<long> OverflowAsync(PartitionId partition, int by)
    {
        var writer = await WriterAsync(partition);
        long sequence = 0;
        do
        {
            for (var i = 0; i < 10; i++)
            {
                await writer.AppendAsync([Event(++sequence, data: Filled(10_000))], Token);
            }
        }
        while ((await Log.ReadFirstAsync(partition, Token))!.Value.Offset < by);
        return sequence;
    }
}
