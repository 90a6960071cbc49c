using System.Collections.Concurrent;
using System.Text;
using FlowPlatform.Log;
using FlowPlatform.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Storage.EmbeddedLog;

/// <summary>
/// The event log in a directory of this machine: one SQLite file per stream, shared by the processes that name the same directory. What can be seen of it is what RabbitMQ Streams show (rule E1).
/// For tests, simulation and machines without a broker; it is never the way to scale. Like the broker it does not flush every commit: a power cut may lose a confirmed tail, the end of a process does not.
/// Safe for concurrent use; dispose writers and readers before it.
/// </summary>
public sealed class EmbeddedEventLog : IEventLog
{
    private const string Extension = ".stream.db";
    private readonly ConcurrentDictionary<string, StreamFile> files = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim opening = new(1);
    private readonly EmbeddedEventLogOptions options;
    private readonly TimeProvider clock;
    private volatile bool disposed;

    /// <summary>Creates the log; the directory is created with the first stream.</summary>
    /// <param name="directory">Where the files are. Must be on this machine: file locks of network shares are not to be trusted.</param>
    /// <param name="clock">The clock of batches' timestamps and of retention. Waiting for other processes follows the system's clock.</param>
    /// <param name="options">Bounds; default: see there.</param>
    /// <exception cref="ArgumentException">The options are out of bounds.</exception>
    public EmbeddedEventLog(string directory, TimeProvider clock, EmbeddedEventLogOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        ArgumentNullException.ThrowIfNull(clock);
        this.options = options ?? new EmbeddedEventLogOptions();
        this.options.Check();
        this.clock = clock;
        Directory = Path.GetFullPath(directory);
    }

    /// <summary>Where the files are, as a full path.</summary>
    public string Directory { get; }

    /// <inheritdoc />
    public async Task EnsureStreamAsync(StreamDefinition definition, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        StreamSchema.Check(definition, there: null);
        var file = await TranslatedAsync(new PartitionId(definition.Name, 0), () => FindAsync(definition.Name, definition, cancellationToken));
        StreamSchema.Check(definition, file!.Definition);
    }

    /// <inheritdoc />
    public async Task<int> GetPartitionCountAsync(string stream, CancellationToken cancellationToken) => (await OpenAsync(new PartitionId(stream, 0), cancellationToken)).Definition.Partitions;

    /// <inheritdoc />
    public async Task<IPartitionWriter> OpenWriterAsync(PartitionId partition, string producer, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(producer) || Encoding.UTF8.GetByteCount(producer) > 255)
        {
            throw new ArgumentException($"The producer reference '{producer}' needs 1 to 255 bytes.", nameof(producer));
        }

        return new EmbeddedPartitionWriter(partition, producer, await OpenAsync(partition, cancellationToken), options);
    }

    /// <inheritdoc />
    public async Task<IPartitionReader> OpenReaderAsync(PartitionId partition, LogPosition from, CancellationToken cancellationToken)
    {
        var file = await OpenAsync(partition, cancellationToken);
        var start = await TranslatedAsync(partition, () => Task.FromResult(file.Use(connection => Start(connection, partition.Index, from))));
        return new EmbeddedPartitionReader(partition, start, file, options.UndisposedBatches);
    }

    /// <inheritdoc />
    public Task<LogRecord?> ReadFirstAsync(PartitionId partition, CancellationToken cancellationToken) => ReadAtAsync(partition, 0, cancellationToken);

    /// <inheritdoc />
    public Task<LogRecord?> ReadLastAsync(PartitionId partition, CancellationToken cancellationToken) =>
        LookAsync(partition, connection => connection.LastChunk(partition.Index) is var (_, last) ? connection.Read(partition.Stream, partition.Index, last)?[0] : null, cancellationToken);

    /// <inheritdoc />
    public Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, CancellationToken cancellationToken) =>
        LookAsync(
            partition,
            connection =>
            {
                // Its sequence is remembered for ever; the record itself may have gone by retention, and then the next is somebody else's.
                var found = connection.LastOf(partition.Index, producer) is var (_, offset) ? connection.Read(partition.Stream, partition.Index, offset)?[0] : null;
                return found?.Event.Producer == producer ? found : null;
            },
            cancellationToken);

    /// <inheritdoc />
    public Task<LogRecord?> ReadAtAsync(PartitionId partition, long offset, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return LookAsync(partition, connection => connection.Read(partition.Stream, partition.Index, offset)?[0], cancellationToken);
    }

    /// <summary>Deletes a stream with all its events, if it exists. Readers and writers of it, in all processes, end with <see cref="EventLogUnavailableException"/>; a stream made anew starts at offset 0.</summary>
    /// <exception cref="ArgumentException">That is no stream name.</exception>
    /// <exception cref="EventLogUnavailableException">The files can't be deleted.</exception>
    public async Task DeleteStreamAsync(string stream, CancellationToken cancellationToken)
    {
        if (!StreamDefinition.IsValidName(stream))
        {
            throw new ArgumentException($"'{stream}' is no stream name.", nameof(stream));
        }

        await opening.WaitAsync(cancellationToken);
        try
        {
            if (files.TryRemove(stream, out var open))
            {
                await open.DisposeAsync();
            }

            // The main file first: without it the others are nothing.
            foreach (var suffix in new[] { "", "-wal", "-shm" })
            {
                File.Delete(PathOf(stream) + suffix);
            }
        }
        catch (Exception fault) when (EmbeddedErrors.IsOfTheDisk(fault))
        {
            throw new EventLogUnavailableException($"Stream '{stream}' can't be deleted. {fault.Message}", fault);
        }
        finally
        {
            opening.Release();
        }
    }

    /// <summary>Closes all files; what was appended is complete or fails.</summary>
    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }

        await opening.WaitAsync();
        disposed = true;
        foreach (var file in files.Values)
        {
            await file.DisposeAsync();
        }

        files.Clear();
        opening.Release();
    }

    private static long Start(LogConnection connection, int partition, LogPosition from)
    {
        var end = connection.End(partition)!.NextOffset;
        return from.Kind switch
        {
            LogPositionKind.First => 0,
            LogPositionKind.Next => end,
            LogPositionKind.Offset => from.Value,
            LogPositionKind.Last => connection.LastChunk(partition)?.First ?? end,
            LogPositionKind.Timestamp => connection.FirstSince(partition, from.Value) ?? end,
            _ => throw new ArgumentOutOfRangeException(nameof(from), from.Kind, "Unknown kind of position."),
        };
    }

    private static async Task<T> TranslatedAsync<T>(PartitionId partition, Func<Task<T>> step)
    {
        try
        {
            return await step();
        }
        catch (SqliteException fault)
        {
            throw EmbeddedErrors.Translate(fault, partition);
        }
        catch (Exception fault) when (EmbeddedErrors.IsOfTheDisk(fault))
        {
            throw new EventLogUnavailableException($"{partition}: the log's file can't be used. {fault.Message}", fault);
        }
    }

    private async Task<LogRecord?> LookAsync(PartitionId partition, Func<LogConnection, LogRecord?> look, CancellationToken cancellationToken)
    {
        var file = await OpenAsync(partition, cancellationToken);
        return await TranslatedAsync(partition, () => Task.FromResult(file.Use(look)));
    }

    private async Task<StreamFile> OpenAsync(PartitionId partition, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var file = await TranslatedAsync(partition, () => FindAsync(partition.Stream, create: null, cancellationToken)) ?? throw new StreamNotFoundException(partition.Stream);
        return partition.Index >= 0 && partition.Index < file.Definition.Partitions ? file : throw new StreamNotFoundException(partition.Name);
    }

    /// <summary>The file as it is open, or opens it; null if there is none and none is to be created.</summary>
    private async Task<StreamFile?> FindAsync(string stream, StreamDefinition? create, CancellationToken cancellationToken)
    {
        if (files.TryGetValue(stream, out var open) && !open.HasEnded)
        {
            return open;
        }

        await opening.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (files.TryGetValue(stream, out open))
            {
                if (!open.HasEnded)
                {
                    return open;
                }

                files.TryRemove(stream, out _);
                await open.DisposeAsync();
            }

            if (create is not null)
            {
                await CreateAsync(create, cancellationToken);
            }

            // A name that is none never becomes a path.
            open = StreamDefinition.IsValidName(stream) ? await StreamFile.TryOpenAsync(PathOf(stream), stream, options, clock, cancellationToken) : null;
            return open is null ? null : files[stream] = open;
        }
        finally
        {
            opening.Release();
        }
    }

    private async Task CreateAsync(StreamDefinition definition, CancellationToken cancellationToken)
    {
        System.IO.Directory.CreateDirectory(Directory);
        await using var connection = await new SqliteConnections(PathOf(definition.Name), durable: false).OpenWriterAsync(cancellationToken);
        if (StreamSchema.Read(connection, definition.Name) is null)
        {
            StreamSchema.Create(connection, definition);
        }
    }

    private string PathOf(string stream) => Path.Combine(Directory, stream + Extension);
}
