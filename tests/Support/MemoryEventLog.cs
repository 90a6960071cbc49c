using FlowPlatform.Log;

namespace FlowPlatform.Tests.Support;

/// <summary>
/// A log in memory with the broker's visible semantics (drops and confirms lower sequences, clamps offsets, offsets may jump), whose tail can be cut, which can be emptied or be away.
/// For tests that need a fault at a chosen moment.
/// </summary>
internal sealed class MemoryEventLog : IEventLog
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, int> streams = [];
    private readonly Dictionary<PartitionId, Partition> partitions = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int generation;
    private bool away;

    /// <summary>Offsets skipped before every batch, as the broker's tracking chunks do.</summary>
    public int OffsetJump { get; set; }

    /// <summary>While true everything throws, and open readers and writers die.</summary>
    public bool Away
    {
        get => away;
        set => Change(() => (away, generation) = (value, generation + 1));
    }

    /// <summary>Runs when a producer's last record has been read, before who asks for it has it.</summary>
    public Func<Task>? AfterReadLastOf { get; set; }

    /// <summary>Cuts the newest records of a partition, as a crash of a broker without fsync may; connections die.</summary>
    public void CutTail(PartitionId partition, int records) => Change(() =>
    {
        var part = partitions[partition];
        part.Records.RemoveRange(part.Records.Count - records, records);
        part.NextOffset = part.Records.Count == 0 ? 0 : part.Records[^1].Offset + 1;
        part.Sequences = part.Records.Where(r => r.Event.Producer is not null).GroupBy(r => r.Event.Producer!).ToDictionary(g => g.Key, g => g.Max(r => r.Event.Sequence));
        generation++;
    });

    /// <summary>Cuts the oldest records, as retention does; connections stay.</summary>
    public void CutHead(PartitionId partition, int records) => Change(() => partitions[partition].Records.RemoveRange(0, records));

    /// <summary>Deletes the stream's events and starts at offset 0 again.</summary>
    public void Recreate(string stream) => Change(() =>
    {
        foreach (var id in partitions.Keys.Where(id => id.Stream == stream).ToList())
        {
            partitions[id] = new Partition();
        }

        generation++;
    });

    /// <summary>Ends all connections.</summary>
    public void Disconnect() => Change(() => generation++);

    /// <summary>A copy of what a partition holds.</summary>
    public IReadOnlyList<LogRecord> Records(PartitionId partition)
    {
        lock (gate)
        {
            return [.. partitions.GetValueOrDefault(partition)?.Records ?? []];
        }
    }

    /// <summary>Appends as a producer of another service would.</summary>
    public void Append(PartitionId partition, params EventEnvelope[] events) => Change(() =>
    {
        streams.TryAdd(partition.Stream, partition.Index + 1);
        Of(partition).Append(partition, events, OffsetJump);
    });

    public Task EnsureStreamAsync(StreamDefinition definition, CancellationToken cancellationToken)
    {
        Change(() =>
        {
            ThrowIfAway();
            if (streams.TryGetValue(definition.Name, out var count) && count != definition.Partitions)
            {
                throw new StreamDefinitionException(definition.Name, $"'{definition.Name}' has {count} partitions, not {definition.Partitions}.");
            }

            streams[definition.Name] = definition.Partitions;
            foreach (var id in definition.PartitionIds)
            {
                Of(id);
            }
        });
        return Task.CompletedTask;
    }

    public Task<int> GetPartitionCountAsync(string stream, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            ThrowIfAway();
            return Task.FromResult(streams.TryGetValue(stream, out var count) ? count : throw new StreamNotFoundException(stream));
        }
    }

    public Task<IPartitionWriter> OpenWriterAsync(PartitionId partition, string producer, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            ThrowIfAway();
            return Task.FromResult<IPartitionWriter>(new Writer(this, partition, producer, generation));
        }
    }

    public Task<IPartitionReader> OpenReaderAsync(PartitionId partition, LogPosition from, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            ThrowIfAway();
            var part = Of(partition);
            var start = from.Kind switch
            {
                LogPositionKind.First => 0,
                LogPositionKind.Offset => Math.Min(from.Value, part.NextOffset),
                LogPositionKind.Next => part.NextOffset,
                LogPositionKind.Last => part.Records.Count == 0 ? 0 : part.Records[^1].Offset,
                _ => part.Records.Find(record => record.Timestamp.ToUnixTimeMilliseconds() >= from.Value) is { Event: not null } first ? first.Offset : part.NextOffset,
            };
            return Task.FromResult<IPartitionReader>(new Reader(this, partition, start, generation));
        }
    }

    public Task<LogRecord?> ReadFirstAsync(PartitionId partition, CancellationToken cancellationToken) => Find(partition, records => records.Count == 0 ? null : records[0]);

    public Task<LogRecord?> ReadLastAsync(PartitionId partition, CancellationToken cancellationToken) => Find(partition, records => records.Count == 0 ? null : records[^1]);

    public async Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, CancellationToken cancellationToken)
    {
        var last = await Find(partition, records => records.FindLast(record => record.Event.Producer == producer) is { Event: not null } found ? found : null);
        await (AfterReadLastOf?.Invoke() ?? Task.CompletedTask);
        return last;
    }

    public Task<LogRecord?> ReadAtAsync(PartitionId partition, long offset, CancellationToken cancellationToken) =>
        Find(partition, records => records.Find(record => record.Offset >= offset) is { Event: not null } found ? found : null);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task ClosedAsync(int opened)
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (away || opened != generation)
                {
                    return;
                }

                wait = changed.Task;
            }

            await wait;
        }
    }

    private Task<LogRecord?> Find(PartitionId partition, Func<List<LogRecord>, LogRecord?> find)
    {
        lock (gate)
        {
            ThrowIfAway();
            return Task.FromResult(find(Of(partition).Records));
        }
    }

    private Partition Of(PartitionId id) => partitions.TryGetValue(id, out var partition) ? partition : partitions[id] = new Partition();

    private void Change(Action change)
    {
        TaskCompletionSource waiting;
        lock (gate)
        {
            change();
            waiting = changed;
            changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        waiting.SetResult();
    }

    private void ThrowIfAway(int? opened = null)
    {
        if (away || (opened is { } at && at != generation))
        {
            throw new EventLogUnavailableException("The log in memory is away.");
        }
    }

    private sealed class Partition
    {
        public List<LogRecord> Records { get; } = [];

        public Dictionary<string, long> Sequences { get; set; } = [];

        public long NextOffset { get; set; }

        public void Append(PartitionId id, IReadOnlyList<EventEnvelope> events, int jump)
        {
            NextOffset += jump;
            foreach (var @event in events)
            {
                if (@event.Producer is { } producer)
                {
                    if (@event.Sequence <= Sequences.GetValueOrDefault(producer))
                    {
                        continue;
                    }

                    Sequences[producer] = @event.Sequence;
                }

                Records.Add(new LogRecord(id, NextOffset++, @event.CommittedAt, @event));
            }
        }
    }

    private sealed class Writer(MemoryEventLog log, PartitionId partition, string producer, int opened) : IPartitionWriter
    {
        public PartitionId Partition => partition;

        public int MaxEventBytes => 1 << 20;

        public Task Closed { get; } = log.ClosedAsync(opened);

        public Task AppendAsync(IReadOnlyList<EventEnvelope> events, CancellationToken cancellationToken)
        {
            if (events.FirstOrDefault(item => item.Data.Length > MaxEventBytes) is { } large)
            {
                return Task.FromException(new EventTooLargeException(large.Id, large.Data.Length, MaxEventBytes));
            }

            try
            {
                log.Change(() =>
                {
                    log.ThrowIfAway(opened);
                    events.ShouldAllBe(item => item.Producer == producer);
                    log.Of(partition).Append(partition, events, log.OffsetJump);
                });
                return Task.CompletedTask;
            }
            catch (EventLogUnavailableException gone)
            {
                return Task.FromException(gone);
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Reader(MemoryEventLog log, PartitionId partition, long next, int opened) : IPartitionReader
    {
        private const int MaxBatch = 100;
        private readonly SemaphoreSlim credits = new(10);

        public PartitionId Partition => partition;

        public async ValueTask<LogBatch> ReadAsync(CancellationToken cancellationToken)
        {
            await credits.WaitAsync(cancellationToken);
            while (true)
            {
                Task wait;
                lock (log.gate)
                {
                    log.ThrowIfAway(opened);
                    var found = log.Of(partition).Records.Where(record => record.Offset >= next).Take(MaxBatch).ToList();
                    if (found.Count > 0)
                    {
                        next = found[^1].Offset + 1;
                        return new LogBatch(partition, found, () => credits.Release());
                    }

                    wait = log.changed.Task;
                }

                await wait.WaitAsync(cancellationToken);
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
