using System.Threading.Channels;
using FlowPlatform.Dashboard.Storage;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Dashboard.Streams;

/// <summary>
/// Keeps samples: what has changed at once, what has not once in ten seconds; and before a change, when the same was last seen, so that two samples always tell between which moments something happened.
/// Off the samplers' path: where it can't keep up, the oldest waiting samples are dropped and counted.
/// </summary>
internal sealed class HistoryWriter(TelemetryRuns runs, FlowBoard board, HistoryOptions options, TimeProvider clock, ILogger<HistoryWriter> logger) : BackgroundService
{
    private const int MaxWaiting = 1_024;
    private static readonly TimeSpan TrimEvery = TimeSpan.FromMinutes(1);
    private long dropped;
    private readonly Pulse written = new();
    private Channel<object>? waiting;

    /// <summary>Samples that were not kept, because the disk could not keep up or was full.</summary>
    public long Dropped => Interlocked.Read(ref dropped);

    /// <summary>Completes when something was written.</summary>
    public Task Next => written.Next;

    private Channel<object> Waiting => LazyInitializer.EnsureInitialized(ref waiting, () => Channel.CreateBounded<object>(
        new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }, _ => Interlocked.Increment(ref dropped)));

    public void Add(ServiceReading reading)
    {
        if (reading.Flow is not null)
        {
            // Of several replicas each tells of what it owns, so that no two tell of the same.
            var rows = board.Consumers.Where(row => row.Service == reading.Address.Service && row.At == reading.At && row.Status.State != "waiting" && reading.Flow.Consumers.Contains(row.Status));
            Waiting.Writer.TryWrite(new ServiceSample(reading, [.. rows]));
        }
    }

    public void Add(PartitionReading reading)
    {
        if (reading.Fault is null)
        {
            Waiting.Writer.TryWrite(reading);
        }
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        using var connection = HistoryFile.OpenWriter(runs.Current);
        var tables = new HistoryTables(connection);
        var trimmed = clock.GetTimestamp();
        while (await Waiting.Reader.WaitToReadAsync(stoppingToken))
        {
            try
            {
                Write(connection, tables);
                if (clock.GetElapsedTime(trimmed) >= TrimEvery)
                {
                    trimmed = clock.GetTimestamp();
                    tables.Trim(clock.GetUtcNow() - options.MaxAge, options.MaxBytes);
                }
            }
            catch (SqliteException e)
            {
                // A full disk, as a rule. The samples in hand are lost and counted; the next are tried.
                Interlocked.Increment(ref dropped);
                tables.Forget();
                DashboardLog.NotWritten(logger, "samples of streams", e.Message);
            }

            written.Beat();
        }
    }

    private void Write(SqliteConnection connection, HistoryTables tables)
    {
        using var transaction = connection.BeginTransaction();
        tables.Transaction = transaction;
        while (Waiting.Reader.TryRead(out var sample))
        {
            if (sample is PartitionReading partition)
            {
                tables.Write(partition);
            }
            else if (sample is ServiceSample service)
            {
                tables.Write(service.Reading, service.Rows);
            }
        }

        transaction.Commit();
    }

    private sealed record ServiceSample(ServiceReading Reading, IReadOnlyList<ConsumerRow> Rows);
}
