using FlowPlatform.Consumers;
using FlowPlatform.Log;

namespace FlowPlatform.Hosting;

/// <summary>What <c>GET /flow/status</c> answers.</summary>
/// <param name="Version">Version of this shape: 1.</param>
/// <param name="Service">Name of the service.</param>
/// <param name="Streams">Streams that it publishes, a row per partition.</param>
/// <param name="Consumers">Its consumers, a row per partition.</param>
/// <param name="Outbox">Its outbox.</param>
/// <param name="Parked">Parked keys of all consumers together.</param>
public sealed record FlowStatus(
    int Version,
    string Service,
    IReadOnlyList<PublishedPartitionStatus> Streams,
    IReadOnlyList<ConsumerPartitionStatus> Consumers,
    OutboxStatus Outbox,
    int Parked)
{
    /// <summary>This process, as it is called where it is an owner.</summary>
    public string Instance { get; init; } = "";
}

/// <summary>The end of a published partition.</summary>
/// <param name="Stream">Name of the stream.</param>
/// <param name="Partition">Index of the partition.</param>
/// <param name="LastSequence">Last sequence assigned in the outbox.</param>
/// <param name="Confirmed">The log has confirmed everything up to this.</param>
public sealed record PublishedPartitionStatus(string Stream, int Partition, long LastSequence, long Confirmed)
{
    /// <summary>Producer reference that the sequences are of; a store that adopted a log counts from 1 again, under another one.</summary>
    public string Producer { get; init; } = "";
}

/// <summary>Where a consumer is in one partition.</summary>
/// <param name="Consumer">Name of the consumer.</param>
/// <param name="Stream">Name of the stream.</param>
/// <param name="Partition">Index of the partition.</param>
/// <param name="Position">Next offset to read.</param>
/// <param name="Mark">Greatest sequence applied.</param>
/// <param name="Lag">Events between the mark and the log's end; null while the log can't be reached.</param>
/// <param name="DelaySeconds">How long ago the oldest event that it has not applied was stored, roughly; 0 when it has all.</param>
/// <param name="State">waiting, catching-up, live, refilling (the log has lost what was applied, and gets it again), unavailable or stopped.</param>
/// <param name="Owner">Who owns the partition: the instance; empty if nobody does at present. Rows of partitions that another replica owns are as the database has them.</param>
/// <param name="Error">Why it is refilling, unavailable or stopped; else null.</param>
public sealed record ConsumerPartitionStatus(
    string Consumer, string Stream, int Partition, long Position, long Mark, long? Lag, double DelaySeconds, string State, string Owner, string? Error)
{
    /// <summary>Producer reference that <see cref="Mark"/> is of; null before the first event, and for writers without sequences.</summary>
    public string? Producer { get; init; }

    /// <summary>Epoch of the owner: every hand-over raises it; 0 where nothing is shared.</summary>
    public long Epoch { get; init; }

    /// <summary>What it has noted about this partition of the log; <c>GET /flow/incidents</c> has it in words.</summary>
    public int Incidents { get; init; }

    /// <summary>What it has parked of the partition; null if nothing.</summary>
    public ParkedStatus? Parked { get; init; }

    /// <summary>The consumer's transactions; null where another replica owns the partition, whose own status has them.</summary>
    public BatchStatus? Batches { get; init; }
}

/// <summary>What a consumer has committed since this process started, of all its partitions together: two of these give a rate and a mean batch size.</summary>
/// <param name="Count">Transactions that applied events.</param>
/// <param name="Events">Events in them.</param>
public sealed record BatchStatus(long Count, long Events);

/// <summary>What a consumer has parked of one partition.</summary>
/// <param name="Keys">Parked keys.</param>
/// <param name="Events">Events behind them.</param>
/// <param name="OldestSeconds">How long the oldest of the keys has been parked.</param>
public sealed record ParkedStatus(int Keys, long Events, double OldestSeconds)
{
    internal static ParkedStatus? Of(ParkedKeys parked, DateTimeOffset now) =>
        parked.Total is { Oldest: { } oldest } total ? new(total.Keys, total.Events, Math.Round(Math.Max(0, (now - oldest).TotalSeconds), 3)) : null;
}

/// <summary>The outbox.</summary>
/// <param name="Depth">Rows that the log has not confirmed.</param>
/// <param name="Commands">Commands that wait to be sent.</param>
/// <param name="State">State of the relay: connecting, running, refilling (it publishes a tail again that the log had lost), unavailable or stopped.</param>
/// <param name="Error">Why it is unavailable or stopped; else null.</param>
public sealed record OutboxStatus(long Depth, long Commands, string State, string? Error)
{
    /// <summary>What the relay has noted about the log.</summary>
    public int Incidents { get; init; }

    /// <summary>Who publishes: the instance; empty if nobody does at present.</summary>
    public string Owner { get; init; } = "";
}
