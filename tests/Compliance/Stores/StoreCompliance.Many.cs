using Dapper;
using FlowPlatform.Log;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using FlowPlatform.Tests.StoreWriting;

namespace FlowPlatform.Tests.Compliance.Stores;

public abstract partial class StoreCompliance
{
    [Fact]
    public async Task Who_follows_the_sequences_misses_nothing_however_many_write()
    {
        const int units = 600;
        await ForWritingAsync();
        await using var store = await OpenWritingAsync();
        var writing = Task.WhenAll(Enumerable.Range(1, units).Select(number => Writing.WriteAsync(store, "w", number, keyed: number % 3 != 0, Token)));
        var read = new List<(PartitionId Partition, long Sequence, string Id)>();
        var after = Enumerable.Range(0, 3).ToDictionary(index => new PartitionId("writes", index), _ => 0L);

        // A follower that never looks back, as the relay: it asks the table itself, while commits go on.
        while (read.Count < units)
        {
            var seen = store.Outbox.EventsAdded.Version;
            var news = 0;
            foreach (var partition in after.Keys)
            {
                await using var connection = await store.OpenReadAsync(Token);
                var rows = (await connection.QueryAsync<OutboxRow>(
                    "SELECT sequence, event_id AS Id FROM flow_outbox WHERE stream = 'writes' AND partition = @Index AND sequence > @after ORDER BY sequence",
                    new { partition.Index, after = after[partition] })).AsList();
                foreach (var row in rows)
                {
                    row.Sequence.ShouldBe(++after[partition]);
                    read.Add((partition, row.Sequence, row.Id));
                }

                news += rows.Count;
            }

            if (news == 0)
            {
                await store.Outbox.EventsAdded.WaitAsync(seen, Token);
            }
        }

        await writing;
        await CheckWrittenAsync(store, units);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Several_processes_make_one_order(bool keyed)
    {
        const int processes = 3;
        const int units = 150;
        await ForWritingAsync();
        if (IsShared)
        {
            var all = Enumerable.Range(1, processes).Select(number => StoreProcess.Start(Environment, $"process {number}", units, atOnce: 6, keyed)).ToList();
            foreach (var process in all)
            {
                await using (process)
                {
                    await process.EndedAsync(Token);
                }
            }
        }
        else
        {
            for (var number = 1; number <= processes; number++)
            {
                await using var process = StoreProcess.Start(Environment, $"process {number}", units, atOnce: 6, keyed);
                await process.EndedAsync(Token);
            }
        }

        await using var store = await OpenWritingAsync();
        await CheckWrittenAsync(store, processes * units);
    }

    [Fact]
    public async Task A_process_that_is_killed_among_its_commits_loses_nothing_that_it_was_told_and_leaves_no_half()
    {
        await ForWritingAsync();
        await using var process = StoreProcess.Start(Environment, "victim", 1_000_000, atOnce: 8, keyed: false);
        await process.KillAfterAsync(200, Token);
        await using var store = await OpenWritingAsync();

        // On a server the last commit may still be under way; a unit that is serial with it comes after it.
        await Writing.WriteAsync(store, "heir", 1, keyed: false, Token);
        await using var connection = await store.OpenReadAsync(Token);
        var numbers = (await connection.QueryAsync<long>("SELECT number FROM written WHERE writer = 'victim'")).ToHashSet();
        process.Committed.Where(number => !numbers.Contains(number)).ShouldBeEmpty();
        await CheckWrittenAsync(store, numbers.Count + 1);
    }

    /// <summary>Rows, events, sequences and counters all tell of the same units.</summary>
    private async Task CheckWrittenAsync(IServiceStore store, int units)
    {
        await using var connection = await store.OpenReadAsync(Token);
        var written = (await connection.QueryAsync<string>("SELECT event_id FROM written")).ToHashSet();
        written.Count.ShouldBe(units);
        (await connection.QuerySingleAsync<long>("SELECT sum(value) FROM counter")).ShouldBe(units);
        var heads = await store.Outbox.ReadHeadsAsync(Token);
        var events = new HashSet<string>();
        foreach (var head in heads)
        {
            var rows = await store.Outbox.ReadAsync(head.Partition, 0, 1_000_000, long.MaxValue, Token);
            rows.Select(row => row.Sequence).ShouldBe(Enumerable.Range(1, (int)head.Assigned).Select(number => (long)number));
            events.UnionWith(rows.Select(row => row.Id));
        }

        events.SetEquals(written).ShouldBeTrue();
    }

    /// <summary>Makes room for the store of <see cref="Environment"/>, which has the tables of StoreWriter.</summary>
    protected abstract Task ForWritingAsync();

    private sealed class OutboxRow
    {
        public long Sequence { get; init; }

        public string Id { get; init; } = "";
    }
}
