namespace Simulator.Replay;

/// <summary>Where actions come from: always the same ones, in the order of event time.</summary>
internal interface IReplayInput
{
    /// <summary>Tells this input from others, e.g. <c>shop seed 1</c>; kept with the progress.</summary>
    string Identity { get; }

    /// <summary>What the report calls it.</summary>
    string Name { get; }

    /// <summary>Number of orders if it is known; else null.</summary>
    long? KnownOrders { get; }

    /// <summary>Reads the steps at <paramref name="from"/> and after.</summary>
    IAsyncEnumerable<Step> ReadAsync(long from, CancellationToken cancellationToken);
}
