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
            var last = LastSequences();
            return Statuses.Values.SelectMany(status => status.Consumers).Sum(row => Math.Max(0, last.GetValueOrDefault((row.Stream, row.Partition), row.Mark) - row.Mark));
        }
    }

    /// <summary>The end of every partition whose producer answered.</summary>
    public Dictionary<(string Stream, int Partition), long> LastSequences() =>
        Statuses.Values.SelectMany(status => status.Streams).ToDictionary(row => (row.Stream, row.Partition), row => row.LastSequence);
}
