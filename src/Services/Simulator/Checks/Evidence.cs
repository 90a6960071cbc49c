using Contracts.Http;
using FlowPlatform.Hosting;
using Simulator.Gateway;
using Simulator.Replay;

namespace Simulator.Checks;

/// <summary>Everything that the checks and the report look at, gathered when all was quiet.</summary>
/// <param name="Input">What the input itself adds up to; null where it is not all that was sent.</param>
/// <param name="IsDataset">True for a dataset: then every order ends shipped.</param>
/// <param name="Statuses">By service.</param>
/// <param name="Orders">From Orders.</param>
/// <param name="Stock">From Inventory.</param>
/// <param name="Ledger">From Payments.</param>
/// <param name="Shipments">From Shipping.</param>
/// <param name="Days">Revenue by day, from Insights.</param>
/// <param name="Countries">Revenue by country, from Insights.</param>
/// <param name="Book">The gateway's and the courier's own.</param>
internal sealed record Evidence(
    InputTotals? Input,
    bool IsDataset,
    IReadOnlyDictionary<string, FlowStatus> Statuses,
    OrdersSummary Orders,
    StockSummary Stock,
    Ledger Ledger,
    ShipmentsSummary Shipments,
    RevenueAnswer Days,
    RevenueAnswer Countries,
    BookSums Book)
{
    /// <summary>Orders in a state, as Orders says.</summary>
    public long InState(string state) => Orders.ByStatus.GetValueOrDefault(state);

    /// <summary>Asks everybody, however long it takes.</summary>
    public static async Task<Evidence> GatherAsync(InputTotals? input, bool isDataset, ServiceCalls calls, Book book, CancellationToken cancellationToken)
    {
        var statuses = new Dictionary<string, FlowStatus>(StringComparer.Ordinal);
        foreach (var service in SimulatorOptions.Services)
        {
            statuses[service] = await calls.GetAsync<FlowStatus>(service, "flow/status", cancellationToken);
        }

        return new Evidence(
            input,
            isDataset,
            statuses,
            await calls.GetAsync<OrdersSummary>("orders", "orders/summary", cancellationToken),
            await calls.GetAsync<StockSummary>("inventory", "stock/summary", cancellationToken),
            await calls.GetAsync<Ledger>("payments", "ledger", cancellationToken),
            await calls.GetAsync<ShipmentsSummary>("shipping", "shipments/summary", cancellationToken),
            await calls.GetAsync<RevenueAnswer>("insights", "revenue?by=day", cancellationToken),
            await calls.GetAsync<RevenueAnswer>("insights", "revenue?by=country", cancellationToken),
            await book.SumAsync(cancellationToken));
    }
}
