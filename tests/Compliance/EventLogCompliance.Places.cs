using FlowPlatform.Log;

namespace FlowPlatform.Tests.Compliance;

// Streams and single places of the log.
public abstract partial class EventLogCompliance
{
    [Fact]
    public async Task An_empty_partition_has_no_first_and_no_last()
    {
        var partition = await CreateAsync();
        (await Log.ReadFirstAsync(partition, Token)).ShouldBeNull();
        (await Log.ReadLastAsync(partition, Token)).ShouldBeNull();
        (await Log.ReadLastOfAsync(partition, "tests/1", Token)).ShouldBeNull();
        (await Log.ReadAtAsync(partition, 0, Token)).ShouldBeNull();
        (await Log.ReadAtAsync(partition, 1_000, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task First_and_last_are_found()
    {
        var partition = await CreateAsync();
        await AppendAsync(partition, Events(1, 100));
        await AppendAsync(partition, Events(101, 7));
        var all = await ReadAllAsync(partition, 107);
        (await Log.ReadFirstAsync(partition, Token))!.Value.Offset.ShouldBe(all[0].Offset);
        var last = (await Log.ReadLastAsync(partition, Token))!.Value;
        (last.Offset, last.Event.Id, last.Timestamp, last.Partition).ShouldBe((all[^1].Offset, all[^1].Event.Id, all[^1].Timestamp, partition));
    }

    [Fact]
    public async Task What_is_confirmed_is_the_last_at_once()
    {
        var partition = await CreateAsync();
        var writer = await WriterAsync(partition);
        for (var sequence = 1; sequence <= 100; sequence++)
        {
            await writer.AppendAsync([Event(sequence)], Token);
            (await Log.ReadLastAsync(partition, Token))!.Value.Event.Sequence.ShouldBe(sequence);
        }
    }

    [Fact]
    public async Task Every_record_is_found_at_its_offset_and_nothing_past_the_end()
    {
        var partition = await CreateAsync();
        await AppendAsync(partition, Events(1, 3));
        await AppendAsync(partition, Events(4, 20));
        var all = await ReadAllAsync(partition, 23);
        foreach (var wanted in all)
        {
            var found = (await Log.ReadAtAsync(partition, wanted.Offset, Token))!.Value;
            (found.Offset, found.Event.Id).ShouldBe((wanted.Offset, wanted.Event.Id));
        }

        (await Log.ReadAtAsync(partition, all[^1].Offset + 1, Token)).ShouldBeNull();
        (await Log.ReadAtAsync(partition, all[^1].Offset + 1_000_000, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_producers_last_is_found_among_others()
    {
        var partition = await CreateAsync();
        await AppendAsync(partition, Events(1, 3, "a/1"), "a/1");
        await AppendAsync(partition, Events(1, 4, "b/1"), "b/1");
        await AppendAsync(partition, Events(4, 1, "a/1"), "a/1");
        await AppendAsync(partition, Events(1, 2, "c/1"), "c/1");
        foreach (var (producer, sequence) in new[] { ("a/1", 4L), ("b/1", 4L), ("c/1", 2L) })
        {
            var found = (await Log.ReadLastOfAsync(partition, producer, Token))!.Value;
            (found.Event.Producer, found.Event.Sequence).ShouldBe((producer, sequence));
        }

        (await Log.ReadLastOfAsync(partition, "a", Token)).ShouldBeNull("a reference is compared whole");
        (await Log.ReadLastOfAsync(partition, "d/1", Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_producers_last_is_found_far_behind()
    {
        var partition = await CreateAsync();
        await AppendAsync(partition, Events(1, 10, "filler/1"), "filler/1");
        await AppendAsync(partition, Events(1, 3, "old/1"), "old/1");
        await AppendAsync(partition, Events(11, 30_000, "filler/1"), "filler/1");
        (await Log.ReadLastOfAsync(partition, "old/1", Token))!.Value.Event.Sequence.ShouldBe(3);
        (await Log.ReadLastOfAsync(partition, "nobody/1", Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_stream_has_the_partitions_it_was_defined_with()
    {
        foreach (var partitions in new[] { 1, 3, 17 })
        {
            var partition = await CreateAsync(partitions);
            (await Log.GetPartitionCountAsync(partition.Stream, Token)).ShouldBe(partitions);
        }
    }

    [Fact]
    public async Task Many_partitions_are_written_and_read_at_once()
    {
        const int partitions = 32;
        var first = await CreateAsync(partitions);
        await Task.WhenAll(Enumerable.Range(0, partitions).Select(async index =>
        {
            var partition = first with { Index = index };
            await AppendAsync(partition, Events(1, index + 1));
            Sequences(await ReadAllAsync(partition, index + 1)).ShouldBe(Range(1, index + 1));
        }));
    }

    [Fact]
    public async Task Ensuring_a_stream_again_changes_nothing()
    {
        var definition = Define(2);
        await Log.EnsureStreamAsync(definition, Token);
        var partition = new PartitionId(definition.Name, 0);
        await AppendAsync(partition, Events(1, 5));
        var other = await AnotherLogAsync();
        await Task.WhenAll(Log.EnsureStreamAsync(definition, Token), other.EnsureStreamAsync(definition, Token));
        (await Log.GetPartitionCountAsync(definition.Name, Token)).ShouldBe(2);
        Sequences(await ReadAllAsync(partition, 5)).ShouldBe(Range(1, 5));
    }

    [Fact]
    public async Task Two_that_ensure_the_same_new_stream_at_once_both_succeed()
    {
        var definition = Define(3);
        var other = await AnotherLogAsync();
        await Task.WhenAll(Log.EnsureStreamAsync(definition, Token), other.EnsureStreamAsync(definition, Token));
        (await other.GetPartitionCountAsync(definition.Name, Token)).ShouldBe(3);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Another_number_of_partitions_is_refused(int partitions)
    {
        var partition = await CreateAsync(3);
        var error = await Should.ThrowAsync<StreamDefinitionException>(() => Log.EnsureStreamAsync(new StreamDefinition(partition.Stream, partitions), Token));
        error.Stream.ShouldBe(partition.Stream);
        (await Log.GetPartitionCountAsync(partition.Stream, Token)).ShouldBe(3);
    }

    [Fact]
    public async Task Other_retention_is_refused()
    {
        var definition = Define() with { MaxAge = TimeSpan.FromHours(1) };
        await Log.EnsureStreamAsync(definition, Token);
        await Log.EnsureStreamAsync(definition, Token);
        await Should.ThrowAsync<StreamDefinitionException>(() => Log.EnsureStreamAsync(definition with { MaxAge = TimeSpan.FromHours(2) }, Token));
        await Should.ThrowAsync<StreamDefinitionException>(() => Log.EnsureStreamAsync(definition with { MaxBytes = 1_000_000_000 }, Token));
    }

    [Fact]
    public async Task A_stream_that_is_not_there_is_named()
    {
        var missing = new PartitionId(Define().Name, 0);
        (await Should.ThrowAsync<StreamNotFoundException>(() => Log.GetPartitionCountAsync(missing.Stream, Token))).Stream.ShouldBe(missing.Stream);
        foreach (var attempt in new Func<Task>[]
        {
            () => Log.OpenWriterAsync(missing, "tests/1", Token),
            () => Log.OpenReaderAsync(missing, LogPosition.First, Token),
            () => Log.ReadFirstAsync(missing, Token),
            () => Log.ReadLastAsync(missing, Token),
            () => Log.ReadLastOfAsync(missing, "tests/1", Token),
            () => Log.ReadAtAsync(missing, 0, Token),
        })
        {
            (await Should.ThrowAsync<StreamNotFoundException>(attempt)).Message.ShouldContain(missing.Stream);
        }
    }
}
