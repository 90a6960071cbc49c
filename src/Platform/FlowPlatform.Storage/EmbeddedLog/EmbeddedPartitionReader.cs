using FlowPlatform.Log;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Storage.EmbeddedLog;

/// <summary>
/// Reads one partition, a chunk at a time; what is read and not disposed is bounded. It never recovers: after a fault it is dead, and its owner recognises the log before it goes on (rule C3).
/// </summary>
internal sealed class EmbeddedPartitionReader : IPartitionReader
{
    private readonly StreamFile file;
    private readonly SemaphoreSlim room;
    private readonly CancellationTokenSource disposed = new();
    private long next;
    private Exception? failure;

    /// <summary>Creates it.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="from">The lowest offset that it returns.</param>
    /// <param name="file">The stream's file.</param>
    /// <param name="batches">Batches that may be undisposed.</param>
    public EmbeddedPartitionReader(PartitionId partition, long from, StreamFile file, int batches)
    {
        Partition = partition;
        next = from;
        this.file = file;
        room = new SemaphoreSlim(batches);
    }

    public PartitionId Partition { get; }

    public async ValueTask<LogBatch> ReadAsync(CancellationToken cancellationToken)
    {
        if (failure is not null)
        {
            throw failure;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, disposed.Token);
        try
        {
            await room.WaitAsync(either.Token);
            return await NextAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw failure = new EventLogUnavailableException($"{Partition}: the reader was disposed.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        failure ??= new EventLogUnavailableException($"{Partition}: the reader was disposed.");
        await disposed.CancelAsync();
    }

    private async Task<LogBatch> NextAsync(CancellationToken cancellationToken)
    {
        var taken = false;
        try
        {
            while (true)
            {
                var seen = file.Changed.Version;
                if (file.Use(connection => connection.Read(Partition.Stream, Partition.Index, next)) is { } records)
                {
                    next = records[^1].Offset + 1;
                    taken = true;
                    return new LogBatch(Partition, records, () => room.Release());
                }

                await file.Changed.WaitAsync(seen, cancellationToken);
            }
        }
        catch (SqliteException fault)
        {
            throw failure = EmbeddedErrors.Translate(fault, Partition, next);
        }
        catch (Exception fault) when (fault is EventLogUnavailableException or LogCorruptException)
        {
            failure = fault;
            throw;
        }
        finally
        {
            if (!taken)
            {
                room.Release();
            }
        }
    }
}
