using FlowPlatform.Log;
using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage.EmbeddedLog;

namespace FlowPlatform.Dashboard.Streams;

/// <summary>
/// Looks every two seconds where the partitions of the log begin and end, one after the other: at most one look is under way. Where they begin, and who leads, changes seldom and is looked at every half minute.
/// </summary>
internal sealed class LogSampler(LogConnection connection, FlowBoard board, HistoryWriter history, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Seldom = TimeSpan.FromSeconds(30);
    private readonly Dictionary<PartitionId, DateTimeOffset> looked = [];

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (connection.Log is not { } log)
        {
            return;
        }

        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            foreach (var partition in board.Known)
            {
                var reading = await LookAsync(log, partition, stoppingToken);
                board.Set(reading);
                history.Add(reading);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task<PartitionReading> LookAsync(IEventLog log, PartitionId partition, CancellationToken stopping)
    {
        var now = clock.GetUtcNow();
        var before = board.Find(partition) ?? new PartitionReading(partition.Stream, partition.Index, now, null, null, null, null, [], null, null);
        using var limited = new CancellationTokenSource(Limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limited.Token, stopping);
        try
        {
            var last = await log.ReadLastAsync(partition, either.Token);
            var reading = before with { At = now, Last = last?.Offset, LastAt = last?.Timestamp, Fault = null };
            // Where it could not be reached, another may lead it now.
            if (before.Fault is not null || reading.First is null || !looked.TryGetValue(partition, out var at) || now - at >= Seldom)
            {
                reading = reading with { First = (await log.ReadFirstAsync(partition, either.Token))?.Offset };
                reading = await PlaceAsync(log, partition, reading, either.Token);
                looked[partition] = now;
            }

            return reading;
        }
        catch (FlowException e)
        {
            return before with { At = now, Fault = e.Message };
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return before with { At = now, Fault = $"The log does not answer within {Limit.TotalSeconds:0} s." };
        }
    }

    private static async Task<PartitionReading> PlaceAsync(IEventLog log, PartitionId partition, PartitionReading reading, CancellationToken cancellationToken) => log switch
    {
        RabbitMqEventLog broker when await broker.GetMembersAsync(partition, cancellationToken) is var members => reading with { Leader = members.Leader, Replicas = members.Replicas },
        EmbeddedEventLog embedded => reading with { Bytes = SizeOf(Path.Combine(embedded.Directory, $"{partition.Stream}.stream.db")) },
        _ => reading,
    };

    private static long? SizeOf(string file) => new FileInfo(file) is { Exists: true } info ? info.Length : null;
}
