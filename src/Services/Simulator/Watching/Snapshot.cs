using Contracts.Http;
using FlowPlatform.Hosting;

namespace Simulator.Watching;

/// <summary>What the services said at one moment. A service that did not answer is missing.</summary>
internal sealed record Snapshot
{
    /// <summary>By service.</summary>
    public required IReadOnlyDictionary<string, FlowStatus> Statuses { get; init; }

    /// <summary>Null if Orders did not answer, or was not asked this time.</summary>
    public OrdersSummary? Orders { get; init; }

    /// <summary>Null if Payments did not answer, or was not asked.</summary>
    public Ledger? Ledger { get; init; }

    /// <summary>Null if Shipping did not answer, or was not asked.</summary>
    public ShipmentsSummary? Shipments { get; init; }

    /// <summary>Events in all streams.</summary>
    public long Events => Statuses.Values.Sum(status => status.Streams.Sum(stream => stream.LastSequence));

    /// <summary>Rows that the log has not confirmed, and commands that wait to be sent.</summary>
    public long Outbox => Statuses.Values.Sum(status => status.Outbox.Depth + status.Outbox.Commands);

    /// <summary>Events that consumers have still to apply, all together, as their producers say.</summary>
    public long Lag
    {
        get
        {
            var ends = Ends();
            return Statuses.Values.SelectMany(status => status.Consumers).Sum(row => ends.TryGetValue((row.Stream, row.Partition), out var end) ? Missing(row, end) : 0);
        }
    }

    /// <summary>The end of every partition whose producer answered.</summary>
    public Dictionary<(string Stream, int Partition), PublishedPartitionStatus> Ends() => EndsOf(Statuses.Values);

    /// <inheritdoc cref="Ends" />
    public static Dictionary<(string Stream, int Partition), PublishedPartitionStatus> EndsOf(IEnumerable<FlowStatus> statuses) =>
        statuses.SelectMany(status => status.Streams).ToDictionary(row => (row.Stream, row.Partition));

    /// <summary>
    /// Events that a consumer has still to apply. A producer that adopted the log has begun to count anew: who has applied nothing of that yet has all of it to come, and what the log says of what came before.
    /// </summary>
    public static long Missing(ConsumerPartitionStatus row, PublishedPartitionStatus end) =>
        row.Producer is null || row.Producer == end.Producer ? Math.Max(0, end.LastSequence - row.Mark) : Math.Max(end.LastSequence, row.Lag ?? 0);

    /// <summary>True if a consumer is where its producer is.</summary>
    public static bool IsAtEnd(ConsumerPartitionStatus row, PublishedPartitionStatus end) =>
        row.Producer is null || row.Producer == end.Producer ? row.Mark == end.LastSequence : end.LastSequence == 0 && row.Lag == 0;
}
