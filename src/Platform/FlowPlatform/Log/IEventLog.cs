namespace FlowPlatform.Log;

/// <summary>
/// An append-only, partitioned, replayable log of events. Implementations are safe for concurrent use and pass one compliance suite.
/// Every wait has a time limit. What passes by itself (broker away, leader moving) throws <see cref="EventLogUnavailableException"/>; callers open again, with back-off.
/// </summary>
public interface IEventLog : IAsyncDisposable
{
    /// <summary>Value of <c>messaging.system</c> in spans; default <c>flow</c>.</summary>
    string MessagingSystem => "flow";

    /// <summary>Creates the stream with all its partitions unless it exists. Idempotent.</summary>
    /// <exception cref="StreamDefinitionException">It exists with another number of partitions or other arguments.</exception>
    /// <exception cref="EventLogUnavailableException">The log can't be reached.</exception>
    Task EnsureStreamAsync(StreamDefinition definition, CancellationToken cancellationToken);

    /// <summary>Number of partitions of the stream.</summary>
    /// <exception cref="StreamNotFoundException">There is no such stream.</exception>
    /// <exception cref="EventLogUnavailableException">The log can't be reached.</exception>
    Task<int> GetPartitionCountAsync(string stream, CancellationToken cancellationToken);

    /// <summary>Opens a writer for one partition. At most one live writer per producer and partition.</summary>
    /// <param name="partition">Where to write.</param>
    /// <param name="producer">Producer reference, at most 255 bytes of UTF-8: the log drops what it already has from it, by sequence.</param>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    Task<IPartitionWriter> OpenWriterAsync(PartitionId partition, string producer, CancellationToken cancellationToken);

    /// <summary>Opens a reader of one partition. Any number of readers, independent of one another.</summary>
    Task<IPartitionReader> OpenReaderAsync(PartitionId partition, LogPosition from, CancellationToken cancellationToken);

    /// <summary>The oldest record that the partition has; null if it is empty.</summary>
    Task<LogRecord?> ReadFirstAsync(PartitionId partition, CancellationToken cancellationToken);

    /// <summary>The newest committed record, read from the leader, so that it proves a lost tail (rule W3); null if the partition is empty.</summary>
    Task<LogRecord?> ReadLastAsync(PartitionId partition, CancellationToken cancellationToken);

    /// <summary>The newest record that <paramref name="producer"/> wrote, read from the leader; null if there is none. Walks back from the end (rules P3, W3).</summary>
    Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, CancellationToken cancellationToken);

    /// <summary>
    /// The same, for a producer that has written nothing before a time: the walk ends there, by the log's own timestamps. Without it, a producer that the log doesn't have is looked for in all of the partition.
    /// </summary>
    Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, DateTimeOffset since, CancellationToken cancellationToken) => ReadLastOfAsync(partition, producer, cancellationToken);

    /// <summary>The first record at or after the offset; null if the partition ends before it.</summary>
    Task<LogRecord?> ReadAtAsync(PartitionId partition, long offset, CancellationToken cancellationToken);
}

/// <summary>Appends to one partition, as one producer. Not safe for concurrent calls; calls may overlap: the next may start before the last has completed.</summary>
public interface IPartitionWriter : IAsyncDisposable
{
    /// <summary>The partition.</summary>
    PartitionId Partition { get; }

    /// <summary>Largest event, data and headers together, in bytes, that the log takes.</summary>
    int MaxEventBytes { get; }

    /// <summary>
    /// Completes, and never fails, when the connection or the leader has gone away, so that an idle producer notices: what it had confirmed may be lost. The writer is dead then.
    /// </summary>
    Task Closed { get; }

    /// <summary>
    /// Appends events in order; their <see cref="EventEnvelope.Sequence"/>s ascend over the life of the producer.
    /// Completes when the log has confirmed every one of them: stored now, or dropped because it already has that sequence from this producer.
    /// </summary>
    /// <exception cref="EventTooLargeException">An event is over <see cref="MaxEventBytes"/>; nothing of this call was sent.</exception>
    /// <exception cref="EventLogUnavailableException">The connection or the leader went away: some may be stored, none is known to be. The writer is dead; open another.</exception>
    Task AppendAsync(IReadOnlyList<EventEnvelope> events, CancellationToken cancellationToken);
}

/// <summary>Reads one partition in order. Not safe for concurrent calls.</summary>
public interface IPartitionReader : IAsyncDisposable
{
    /// <summary>The partition.</summary>
    PartitionId Partition { get; }

    /// <summary>
    /// The next batch, waiting for one as long as it takes. Batches are never empty. Dispose each one when its effects are committed: that lets the log send more.
    /// What is read and not disposed is bounded.
    /// </summary>
    /// <exception cref="EventLogUnavailableException">The connection or the stream went away; open another reader.</exception>
    /// <exception cref="LogCorruptException">A batch is damaged, or an event can't be parsed. The reader stops at it.</exception>
    ValueTask<LogBatch> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>Consecutive records of one partition, as the log stored them together. Dispose once its effects are committed.</summary>
public sealed class LogBatch : IDisposable
{
    private Action? release;

    /// <summary>Creates a batch.</summary>
    /// <param name="partition">Where it is from.</param>
    /// <param name="records">At least one record, offsets ascending.</param>
    /// <param name="release">Called once, on the first dispose.</param>
    public LogBatch(PartitionId partition, IReadOnlyList<LogRecord> records, Action? release)
    {
        if (records.Count == 0)
        {
            throw new ArgumentException("A batch holds at least one record.", nameof(records));
        }

        Partition = partition;
        Records = records;
        this.release = release;
    }

    /// <summary>The partition.</summary>
    public PartitionId Partition { get; }

    /// <summary>The records, offsets ascending.</summary>
    public IReadOnlyList<LogRecord> Records { get; }

    /// <summary>Lets the log send more. Safe to call twice and from any thread.</summary>
    public void Dispose() => Interlocked.Exchange(ref release, null)?.Invoke();
}
