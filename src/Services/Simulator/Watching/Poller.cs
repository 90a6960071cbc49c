using Contracts.Http;
using FlowPlatform.Hosting;
using ServiceDefaults.Telemetry;
using Simulator.Replay;

namespace Simulator.Watching;

/// <summary>Asks all services how they stand, at once; who doesn't answer in time is left out. Not safe for concurrent use.</summary>
internal sealed class Poller(ServiceCalls calls, TimeProvider clock)
{
    private OrdersSummary? latest;
    private long nextSummary;

    /// <summary>Asks.</summary>
    /// <param name="inDetail">True: counts of Payments and Shipping, too, and Orders' own every time.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<Snapshot> PollAsync(bool inDetail, CancellationToken cancellationToken)
    {
        // Once a second, for as long as the system runs: in traces it would hide what happens.
        using var untraced = Untraced.Begin();
        var statuses = SimulatorOptions.Services.Select(service => calls.TryGetAsync<FlowStatus>(service, "flow/status", cancellationToken)).ToList();
        var orders = SummarizeAsync(inDetail, cancellationToken);
        var ledger = inDetail ? calls.TryGetAsync<Ledger>("payments", "ledger", cancellationToken) : Task.FromResult<Ledger?>(null);
        var shipments = inDetail ? calls.TryGetAsync<ShipmentsSummary>("shipping", "shipments/summary", cancellationToken) : Task.FromResult<ShipmentsSummary?>(null);
        var answers = await Task.WhenAll(statuses);
        return new Snapshot
        {
            Statuses = SimulatorOptions.Services.Zip(answers).Where(pair => pair.Second is not null).ToDictionary(pair => pair.First, pair => pair.Second!),
            Orders = await orders,
            Ledger = await ledger,
            Shipments = await shipments,
        };
    }

    // Counting millions of orders takes a while: for the display it may take a tenth of the time at most.
    private async Task<OrdersSummary?> SummarizeAsync(bool always, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        if (!always && started < nextSummary)
        {
            return latest;
        }

        latest = await calls.TryGetAsync<OrdersSummary>("orders", "orders/summary", cancellationToken) ?? (always ? null : latest);
        nextSummary = started + ((clock.GetTimestamp() - started) * 10);
        return latest;
    }
}
