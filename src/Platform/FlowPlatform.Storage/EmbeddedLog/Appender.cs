using System.Threading.Channels;
using FlowPlatform.Log;
using FlowPlatform.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Storage.EmbeddedLog;

/// <summary>
/// Appends to a stream's file for this process: whoever waits for the file's lock goes into one transaction, each call as chunks of its own. De-duplication, offsets, chunk and retention commit together.
/// </summary>
internal sealed class Appender : IAsyncDisposable
{
    private const int MaxWaiting = 1_024;
    private const long MaxGroupBytes = 8 * 1024 * 1024;
    private static readonly TimeSpan GroupTime = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(20);

    private readonly Channel<AppendRequest> queue = Channel.CreateBounded<AppendRequest>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly StreamFile file;
    private readonly LogConnection connection;
    private readonly EmbeddedEventLogOptions options;
    private readonly TimeProvider clock;
    private readonly Statement begin;
    private readonly Statement commit;
    private readonly Statement rollback;
    private readonly Statement addChunk;
    private readonly Statement moveEnd;
    private readonly Statement remember;
    private readonly Retention retention;
    private readonly Task running;

    public Appender(StreamFile file, LogConnection connection, EmbeddedEventLogOptions options, TimeProvider clock)
    {
        this.file = file;
        this.connection = connection;
        this.options = options;
        this.clock = clock;
        begin = connection.Prepare("BEGIN IMMEDIATE");
        commit = connection.Prepare("COMMIT");
        rollback = connection.Prepare("ROLLBACK");
        addChunk = connection.Prepare("INSERT INTO chunk (partition, last_offset, records, stored_at, crc, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
        moveEnd = connection.Prepare("UPDATE partition SET next_offset = ?2, stored_at = ?3, bytes = ?4 WHERE number = ?1");
        remember = connection.Prepare(
            """
            INSERT INTO producer (partition, reference, sequence, last_offset) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (partition, reference) DO UPDATE SET sequence = excluded.sequence, last_offset = excluded.last_offset
            """);
        retention = new Retention(connection, file.Definition);
        running = Task.Run(RunAsync);
    }

    /// <exception cref="EventLogUnavailableException">The log was closed meanwhile.</exception>
    public async ValueTask EnqueueAsync(AppendRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await queue.Writer.WriteAsync(request, cancellationToken);
        }
        catch (ChannelClosedException closed)
        {
            throw new EventLogUnavailableException($"Stream '{file.Definition.Name}': the log was closed.", closed);
        }
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await running;
        connection.Dispose();
    }

    private async Task RunAsync()
    {
        var group = new List<AppendRequest>();
        await foreach (var first in queue.Reader.ReadAllAsync())
        {
            group.Clear();
            try
            {
                file.ThrowIfEnded();
                await BeginAsync();
                AppendGroup(first, group);
                commit.Run();
                ThrowIfMoved();
            }
            catch (Exception fault)
            {
                var reason = fault is SqliteException database ? EmbeddedErrors.Translate(database, first.Writer.Partition) : fault;
                RollBack();
                first.Fail(reason);
                group.ForEach(request => request.Fail(reason));
                continue;
            }

            group.ForEach(static request => request.Confirm());
            file.Changed.Signal();
        }
    }

    /// <summary>Waits for the file's lock. By the system's clock, whatever the log's is: this waits for other processes, which don't live by a virtual clock.</summary>
    private async Task BeginAsync()
    {
        var started = TimeProvider.System.GetTimestamp();
        for (var pause = ShortestPause; !begin.TryRun(); pause = pause < LongestPause / 2 ? pause * 2 : LongestPause)
        {
            if (TimeProvider.System.GetElapsedTime(started) > options.LockTimeout)
            {
                throw new EventLogUnavailableException(
                    $"Stream '{file.Definition.Name}': other processes have held its file for {options.LockTimeout.TotalSeconds:0.#} s. Is one of them stopped in the middle of a write, or copying it?");
            }

            await Task.Delay(pause, TimeProvider.System);
        }
    }

    private void AppendGroup(AppendRequest first, List<AppendRequest> group)
    {
        var started = TimeProvider.System.GetTimestamp();
        var bytes = 0L;
        for (var request = first; request is not null;)
        {
            Append(request, group);
            bytes += request.Bytes;
            var more = bytes < MaxGroupBytes && TimeProvider.System.GetElapsedTime(started) < GroupTime && queue.Reader.TryRead(out request);
            request = more ? request : null;
        }
    }

    private void Append(AppendRequest request, List<AppendRequest> group)
    {
        var writer = request.Writer;
        var partition = writer.Partition.Index;
        PartitionEnd end;
        try
        {
            end = connection.End(partition) ?? throw new LogCorruptException(writer.Partition, 0, "the partition's row is missing.");
        }
        catch
        {
            // It fails with the group.
            group.Add(request);
            throw;
        }

        if (writer.WhyUnfit(end.NextOffset) is { } reason)
        {
            request.Fail(reason);
            return;
        }

        // If the transaction fails, it fails with it.
        group.Add(request);
        var chunks = Missing(request, connection.LastOf(partition, writer.Producer)?.Sequence ?? 0);
        var next = end.NextOffset;
        var size = end.Bytes;
        var now = Math.Max(clock.GetUtcNow().ToUnixTimeMilliseconds(), end.StoredAt);
        foreach (var chunk in chunks)
        {
            var last = next + chunk.Count - 1;
            addChunk.With(1, partition).With(2, last).With(3, chunk.Count).With(4, now).With(5, StoredChunk.Seal(chunk.Crc, partition, last, chunk.Count, now)).With(6, chunk.Data).Run();
            next = last + 1;
            size += chunk.Data.Length;
        }

        request.EndsAt = next;
        if (chunks.Count > 0)
        {
            remember.With(1, partition).With(2, writer.Producer).With(3, request.Events[^1].Sequence).With(4, next - 1).Run();
            size -= retention.Apply(partition, size, now);
            moveEnd.With(1, partition).With(2, next).With(3, now).With(4, size).Run();
        }
    }

    /// <summary>What the log has not got yet of a call. As a rule, all of it, and then the chunks are ready.</summary>
    private IReadOnlyList<NewChunk> Missing(AppendRequest request, long known)
    {
        if (request.Events[0].Sequence > known)
        {
            return request.Chunks;
        }

        var start = 0;
        while (start < request.Events.Count && request.Events[start].Sequence <= known)
        {
            start++;
        }

        return ChunkWriter.Write(request.Events, start, request.Writer.Producer, options);
    }

    /// <summary>What was committed to a file that was deleted meanwhile must not be confirmed.</summary>
    private void ThrowIfMoved()
    {
        if (connection.HasMoved)
        {
            file.EndAsMoved();
            file.ThrowIfEnded();
        }
    }

    private void RollBack()
    {
        try
        {
            if (connection.InTransaction)
            {
                rollback.Run();
            }
        }
        catch (SqliteException stuck)
        {
            file.End($"Stream '{file.Definition.Name}': a transaction can't be ended. {stuck.Message}", stuck);
        }
    }
}
