using FlowPlatform.Log;

namespace FlowPlatform.Tests.Compliance;

/// <summary>What every <see cref="IEventLog"/> shows when its engine has lost a tail that it had confirmed (rules P4, C3, X1). The engine is this test's own: it is stopped, cut and started.</summary>
public abstract class LostTailCompliance : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private readonly CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    protected CancellationToken Token => limit.Token;

    private IEventLog Log { get; set; } = null!;

    public async ValueTask InitializeAsync()
    {
        limit.CancelAfter(Limit);
        Log = await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Log.DisposeAsync();
        await StopAsync();
        limit.Dispose();
    }

    /// <summary>Starts the engine and opens a log on it.</summary>
    protected abstract ValueTask<IEventLog> StartAsync();

    /// <summary>Ends the engine.</summary>
    protected abstract ValueTask StopAsync();

    /// <summary>Remembers what the partition holds now.</summary>
    /// <returns>Stops the engine, takes away everything that came later, and starts it again: a crash that lost the tail.</returns>
    protected abstract ValueTask<Func<Task>> RememberAsync(PartitionId partition);

    [Fact]
    public async Task A_lost_tail_ends_what_was_open_and_can_be_stored_again()
    {
        var partition = new PartitionId("tails", 0);
        await Log.EnsureStreamAsync(new StreamDefinition(partition.Stream, 1), Token);
        var writer = await Log.OpenWriterAsync(partition, "tests/1", Token);
        await writer.AppendAsync(Events(1, 30), Token);
        await writer.AppendAsync(Events(31, 20), Token);
        var loseTheRest = await RememberAsync(partition);
        await writer.AppendAsync(Events(51, 30), Token);
        await writer.AppendAsync(Events(81, 20), Token);
        var lost = (await Log.ReadLastAsync(partition, Token))!.Value;
        lost.Event.Sequence.ShouldBe(100);
        await using var reader = await Log.OpenReaderAsync(partition, LogPosition.Next, Token);
        var waiting = reader.ReadAsync(Token).AsTask();

        await loseTheRest();

        await Should.ThrowAsync<EventLogUnavailableException>(() => waiting);
        await writer.Closed.WaitAsync(Token);
        await Should.ThrowAsync<EventLogUnavailableException>(() => writer.AppendAsync(Events(101, 1), Token));
        await writer.DisposeAsync();
        (await Log.ReadLastAsync(partition, Token))!.Value.Event.Sequence.ShouldBe(50);
        (await Log.ReadLastOfAsync(partition, "tests/1", Token))!.Value.Event.Sequence.ShouldBe(50);
        (await Log.ReadAtAsync(partition, lost.Offset, Token)).ShouldBeNull();

        // A consumer that trusts its offset: it gets nothing until the log is as long again, and then not what it has not seen (rule C3).
        await using var trusting = await Log.OpenReaderAsync(partition, LogPosition.At(lost.Offset + 1), Token);
        await using var next = await Log.OpenWriterAsync(partition, "tests/1", Token);
        await next.AppendAsync(Events(41, 60), Token);
        await next.AppendAsync(Events(101, 5), Token);
        using var batch = await trusting.ReadAsync(Token);
        batch.Records.ShouldAllBe(record => record.Offset > lost.Offset);

        await using var whole = await Log.OpenReaderAsync(partition, LogPosition.First, Token);
        var all = new List<long>();
        while (all.Count < 105)
        {
            using var part = await whole.ReadAsync(Token);
            all.AddRange(part.Records.Select(record => record.Event.Sequence));
        }

        all.ShouldBe(Enumerable.Range(1, 105).Select(sequence => (long)sequence));
    }

    private static List<EventEnvelope> Events(int first, int count) =>
    [
        .. Enumerable.Range(first, count).Select(sequence => new EventEnvelope
        {
            Id = $"event {sequence}",
            Type = "tests.happened.v1",
            Source = "tests",
            Key = "key",
            Time = DateTimeOffset.UnixEpoch,
            CommittedAt = DateTimeOffset.UnixEpoch,
            Producer = "tests/1",
            Sequence = sequence,
            Data = new byte[100],
        }),
    ];
}
