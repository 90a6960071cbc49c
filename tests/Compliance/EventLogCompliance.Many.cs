using FlowPlatform.Log;

namespace FlowPlatform.Tests.Compliance;

// Many readers, and writers in several processes.
public abstract partial class EventLogCompliance
{
    /// <summary>The environment that names this engine for tests/Assets/LogWriter.</summary>
    protected abstract IReadOnlyDictionary<string, string> WriterEnvironment { get; }

    [Fact]
    public async Task Sixteen_readers_at_once_each_get_everything_in_order()
    {
        const int count = 3_000;
        var partition = await CreateAsync();
        await AppendAsync(partition, Events(1, count / 3));
        var readers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => ReaderAsync(partition, LogPosition.First)));
        var reading = readers.Select(reader => ReadAsync(reader, count)).ToList();
        var writer = await WriterAsync(partition);
        foreach (var batch in Events((count / 3) + 1, count / 3 * 2).Chunk(25))
        {
            await writer.AppendAsync(batch, Token);
        }

        var first = (await reading[0]).Select(record => (record.Offset, record.Event.Id)).ToList();
        foreach (var records in await Task.WhenAll(reading))
        {
            Sequences(records).ShouldBe(Range(1, count));
            records.Select(record => (record.Offset, record.Event.Id)).ShouldBe(first);
        }
    }

    [Fact]
    public async Task Writers_of_several_processes_store_everything_once_and_each_in_its_order()
    {
        const int processes = 4;
        const int count = 1_000;
        var partition = await CreateAsync();
        var reading = ReadAsync(await ReaderAsync(partition, LogPosition.First), processes * count);
        var producers = Enumerable.Range(1, processes).Select(number => $"process/{number}").ToList();
        await Task.WhenAll(producers.Select(async producer =>
        {
            await using var process = WriterProcess.Start(WriterEnvironment, partition.Stream, producer, count, batch: 10);
            await process.EndedAsync(Token);
        }));

        var records = await reading;
        records.Zip(records.Skip(1)).ShouldAllBe(pair => pair.First.Offset < pair.Second.Offset);
        foreach (var producer in producers)
        {
            Sequences(records.Where(record => record.Event.Producer == producer)).ShouldBe(Range(1, count));
            (await Log.ReadLastOfAsync(partition, producer, Token))!.Value.Event.Sequence.ShouldBe(count);
        }
    }

    [Fact]
    public async Task A_writer_that_is_killed_is_followed_by_a_process_that_sends_everything_again()
    {
        const int count = 5_000;
        var partition = await CreateAsync();
        await using (var killed = WriterProcess.Start(WriterEnvironment, partition.Stream, "process/1", count, batch: 5))
        {
            await killed.ConfirmedAsync(200, Token);
            await killed.KillAsync(Token);
        }

        (await Log.ReadLastOfAsync(partition, "process/1", Token))!.Value.Event.Sequence.ShouldBeGreaterThanOrEqualTo(200);
        await using (var next = WriterProcess.Start(WriterEnvironment, partition.Stream, "process/1", count, batch: 500))
        {
            await next.EndedAsync(Token);
        }

        Sequences(await ReadAllAsync(partition, count)).ShouldBe(Range(1, count));
    }
}
