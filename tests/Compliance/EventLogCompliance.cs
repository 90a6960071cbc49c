using System.Collections.Concurrent;
using System.Text;
using FlowPlatform.Log;

namespace FlowPlatform.Tests.Compliance;

/// <summary>
/// What every <see cref="IEventLog"/> must do. An implementation's test class derives from it and says how to open a log and how to clean up.
/// Every test makes streams of its own and deletes them.
/// </summary>
public abstract partial class EventLogCompliance : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly ConcurrentBag<StreamDefinition> streams = [];
    private readonly ConcurrentBag<IAsyncDisposable> opened = [];

    /// <summary>Cancelled with the test, or when a single test takes longer than a minute: a hang fails instead of hanging.</summary>
    private readonly CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    protected EventLogCompliance() => limit.CancelAfter(Limit);

    protected CancellationToken Token => limit.Token;

    protected IEventLog Log { get; private set; } = null!;

    /// <summary>How many batches a reader hands out before one of them must be disposed.</summary>
    protected abstract int UndisposedBatches { get; }

    public async ValueTask InitializeAsync() => Log = await AnotherLogAsync();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var item in opened.Where(item => item is not IEventLog))
        {
            await item.DisposeAsync();
        }

        foreach (var stream in streams)
        {
            await DeleteStreamAsync(stream);
        }

        foreach (var log in opened.OfType<IEventLog>())
        {
            await log.DisposeAsync();
        }

        await CleanUpAsync();
        limit.Dispose();
    }

    /// <summary>Opens a log on the one engine of this test; called again, another client of the same engine.</summary>
    protected abstract ValueTask<IEventLog> OpenLogAsync();

    /// <summary>Deletes a stream with all its data, if it exists.</summary>
    protected abstract ValueTask DeleteStreamAsync(StreamDefinition stream);

    /// <summary>Called last, when everything is closed.</summary>
    protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;

    protected async ValueTask<IEventLog> AnotherLogAsync() => Keep(await OpenLogAsync());

    /// <summary>A definition with a unique name, which is cleaned up.</summary>
    protected StreamDefinition Define(int partitions = 1)
    {
        var definition = new StreamDefinition($"t{Guid.NewGuid():N}"[..20], partitions);
        streams.Add(definition);
        return definition;
    }

    /// <summary>A new stream's first partition.</summary>
    protected async Task<PartitionId> CreateAsync(int partitions = 1)
    {
        var definition = Define(partitions);
        await Log.EnsureStreamAsync(definition, Token);
        return new PartitionId(definition.Name, 0);
    }

    protected async Task<IPartitionWriter> WriterAsync(PartitionId partition, string producer = "tests/1") =>
        Keep(await Log.OpenWriterAsync(partition, producer, Token));

    protected async Task<IPartitionReader> ReaderAsync(PartitionId partition, LogPosition from) => Keep(await Log.OpenReaderAsync(partition, from, Token));

    /// <summary>An event with its sequence as id and body.</summary>
    protected static EventEnvelope Event(long sequence, string producer = "tests/1", byte[]? data = null) => new()
    {
        Id = $"{producer}#{sequence}",
        Type = "tests.happened.v1",
        Source = "tests",
        Key = $"key-{sequence % 7}",
        Time = DateTimeOffset.UnixEpoch.AddSeconds(sequence),
        CommittedAt = DateTimeOffset.UnixEpoch.AddSeconds(sequence),
        Producer = producer,
        Sequence = sequence,
        Data = data ?? Encoding.UTF8.GetBytes($$"""{"sequence":{{sequence}}}"""),
    };

    protected static List<EventEnvelope> Events(long first, int count, string producer = "tests/1") =>
        [.. Enumerable.Range(0, count).Select(i => Event(first + i, producer))];

    /// <summary>Appends events by a writer of its own, which is disposed.</summary>
    protected async Task AppendAsync(PartitionId partition, IReadOnlyList<EventEnvelope> events, string producer = "tests/1")
    {
        await using var writer = await Log.OpenWriterAsync(partition, producer, Token);
        await writer.AppendAsync(events, Token);
    }

    /// <summary>Reads so many records, disposing each batch.</summary>
    protected async Task<List<LogRecord>> ReadAsync(IPartitionReader reader, int count)
    {
        var records = new List<LogRecord>();
        while (records.Count < count)
        {
            using var batch = await reader.ReadAsync(Token);
            records.AddRange(batch.Records);
        }

        records.Count.ShouldBe(count, "more arrived than were written");
        return records;
    }

    protected async Task<List<LogRecord>> ReadAllAsync(PartitionId partition, int count)
    {
        await using var reader = await Log.OpenReaderAsync(partition, LogPosition.First, Token);
        return await ReadAsync(reader, count);
    }

    protected static IEnumerable<long> Sequences(IEnumerable<LogRecord> records) => records.Select(record => record.Event.Sequence);

    protected static IEnumerable<long> Range(int first, int count) => Enumerable.Range(first, count).Select(i => (long)i);

    private T Keep<T>(T item)
        where T : IAsyncDisposable
    {
        opened.Add(item);
        return item;
    }
}
