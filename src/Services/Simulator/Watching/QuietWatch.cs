using FlowPlatform.Hosting;

namespace Simulator.Watching;

/// <summary>How things stand.</summary>
internal enum Verdict
{
    /// <summary>Something moves, or has done so lately.</summary>
    Moving,

    /// <summary>Everything that was to happen has happened.</summary>
    Quiet,

    /// <summary>There is something left to do, and nobody does it.</summary>
    Stalled,
}

/// <summary>
/// Tells quiet from stalled. Quiet: all has arrived, all orders are terminal, no outbox holds anything, every consumer's mark is at its
/// producer's last sequence, in two snapshots running with the same numbers (a snapshot asks one service after the other).
/// Stalled: nothing of that moved for the limit. Not safe for concurrent use.
/// </summary>
/// <param name="clock">Tells how long nothing moved.</param>
/// <param name="limit">Longest time without movement.</param>
/// <param name="adjustments">Ledger adjustments of the input; null: nobody knows how many there are to be.</param>
internal sealed class QuietWatch(TimeProvider clock, TimeSpan limit, Func<long>? adjustments)
{
    /// <summary>States that an order doesn't leave.</summary>
    public static readonly IReadOnlyList<string> TerminalStates = ["shipped", "rejected", "declined", "cancelled"];

    private readonly Dictionary<string, long> seen = new(StringComparer.Ordinal);
    private long movedAt = clock.GetTimestamp();
    private bool quietBefore;

    /// <summary>What stands in the way of quiet, as of the latest observation.</summary>
    public IReadOnlyList<string> Obstacles { get; private set; } = [];

    /// <summary>Judges a snapshot.</summary>
    /// <param name="snapshot">What the services said.</param>
    /// <param name="arrived">Number of actions that have arrived.</param>
    /// <param name="allSent">True if that was the last one.</param>
    /// <param name="onSchedule">True if nothing is due at the moment.</param>
    public Verdict Observe(Snapshot snapshot, long arrived, bool allSent, bool onSchedule)
    {
        var moved = Note(snapshot, arrived);
        if (moved || onSchedule)
        {
            movedAt = clock.GetTimestamp();
        }

        var stalled = clock.GetElapsedTime(movedAt) >= limit;
        if (!allSent)
        {
            Obstacles = ["Not everything has been sent."];
            return stalled ? Verdict.Stalled : Verdict.Moving;
        }

        var hard = FindObstacles(snapshot);
        var unsettled = FindUnsettled(snapshot);
        Obstacles = [.. hard, .. unsettled];
        var quiet = Obstacles.Count == 0;
        var quietTwice = quiet && quietBefore && !moved;
        quietBefore = quiet;
        // What is only unsettled for that long never will be: the checks name it.
        return quietTwice || (stalled && hard.Count == 0) ? Verdict.Quiet : stalled ? Verdict.Stalled : Verdict.Moving;
    }

    // True if a number differs from the last one known; a service that comes and goes moves nothing by that.
    private bool Note(Snapshot snapshot, long arrived)
    {
        var moved = Changed("arrived", arrived);
        foreach (var (service, status) in snapshot.Statuses)
        {
            moved |= Changed($"{service} depth", status.Outbox.Depth) | Changed($"{service} commands", status.Outbox.Commands);
            foreach (var row in status.Streams)
            {
                moved |= Changed($"{row.Stream} {row.Partition} last", row.LastSequence) | Changed($"{row.Stream} {row.Partition} confirmed", row.Confirmed);
            }

            foreach (var row in status.Consumers)
            {
                moved |= Changed($"{service} {row.Consumer} {row.Stream} {row.Partition}", row.Mark);
            }
        }

        foreach (var (state, count) in snapshot.Orders?.ByStatus ?? new Dictionary<string, long>())
        {
            moved |= Changed($"orders {state}", count);
        }

        return moved | Changed("refunds", (snapshot.Ledger?.RefundedReturns ?? 0) + (snapshot.Ledger?.RefundedOrders ?? 0));
    }

    private bool Changed(string name, long value)
    {
        if (seen.TryGetValue(name, out var before) && before == value)
        {
            return false;
        }

        seen[name] = value;
        return true;
    }

    private static List<string> FindObstacles(Snapshot snapshot)
    {
        var found = SimulatorOptions.Services.Where(service => !snapshot.Statuses.ContainsKey(service)).Select(service => $"{service} does not answer /flow/status.").ToList();
        if (snapshot.Orders is not { } orders)
        {
            found.Add("orders does not answer /orders/summary.");
        }
        else if (orders.Accepted != orders.ByStatus.Where(pair => TerminalStates.Contains(pair.Key)).Sum(pair => pair.Value))
        {
            var open = orders.ByStatus.Where(pair => pair.Value > 0 && !TerminalStates.Contains(pair.Key)).Select(pair => $"{pair.Value} {pair.Key}");
            found.Add($"orders: of {orders.Accepted} accepted, {orders.Accepted - orders.ByStatus.Values.Sum()} are unknown to the order status, open: {string.Join(", ", open)}.");
        }

        foreach (var status in snapshot.Statuses.Values.Where(status => status.Outbox is not { Depth: 0, Commands: 0 }))
        {
            found.Add($"{status.Service}: outbox has {status.Outbox.Depth} unconfirmed rows and {status.Outbox.Commands} waiting commands, {Describe(status.Outbox.State, status.Outbox.Error)}.");
        }

        var ends = snapshot.Ends();
        found.AddRange(snapshot.Statuses.Values.SelectMany(status => status.Consumers.Select(row => FindObstacle(status.Service, row, ends))).OfType<string>());
        return found;
    }

    private static string? FindObstacle(string service, ConsumerPartitionStatus row, Dictionary<(string, int), PublishedPartitionStatus> ends)
    {
        var name = $"{service}: consumer {row.Consumer} on {row.Stream}-{row.Partition}";
        return !ends.TryGetValue((row.Stream, row.Partition), out var end) ? $"{name}: its producer does not say where the stream ends."
            : Snapshot.IsAtEnd(row, end) ? null
            : $"{name} is at {row.Mark} of {end.LastSequence}, {Describe(row.State, row.Error)}.";
    }

    // Commands in a queue are in no outbox any more; what they are to bring about is counted instead.
    private List<string> FindUnsettled(Snapshot snapshot)
    {
        if (snapshot is not { Orders: { } orders, Ledger: { } ledger, Shipments: { } shipments })
        {
            return ["payments or shipping does not answer."];
        }

        var found = new List<string>();
        if (ledger.RefundedReturns != orders.Returns)
        {
            found.Add($"payments: {ledger.RefundedReturns} of {orders.Returns} returns are refunded.");
        }

        if (ledger.ChargedOrders != shipments.Shipped + ledger.RefundedOrders)
        {
            found.Add($"payments: {ledger.ChargedOrders} orders are charged, but {shipments.Shipped} shipped and {ledger.RefundedOrders} refunded.");
        }

        if (adjustments?.Invoke() is { } expected && ledger.AdjustmentCount != expected)
        {
            found.Add($"payments: {ledger.AdjustmentCount} of {expected} ledger adjustments are booked.");
        }

        return found;
    }

    private static string Describe(string state, string? error) => error is null ? state : $"{state}: {error.TrimEnd('.')}";
}
