using Contracts.Http;

namespace Simulator.Replay;

/// <summary>Sends actions to the services that they concern. Safe for concurrent use.</summary>
internal sealed class ActionSender(ServiceCalls calls)
{
    /// <summary>Sends orders, one alone or many as a batch.</summary>
    /// <exception cref="SimulatorException">An order is refused for good.</exception>
    public async Task SendAsync(IReadOnlyList<PlaceOrder> orders, CancellationToken cancellationToken)
    {
        if (orders.Count == 1)
        {
            await calls.PostAsync<Accepted>("orders", "orders", orders[0], cancellationToken);
            return;
        }

        var result = await calls.PostAsync<BatchResult>("orders", "orders/batch", orders, cancellationToken);
        if (result.Results.Count != orders.Count)
        {
            throw new SimulatorException($"orders answered a batch of {orders.Count} orders with {result.Results.Count} results.");
        }

        if (result.Results.FirstOrDefault(item => item.Outcome is not ("accepted" or "duplicate")) is { } refused)
        {
            var reason = refused.Errors is { Count: > 0 } errors
                ? string.Join(' ', errors.SelectMany(error => error.Value.Select(text => $"{error.Key}: {text}")))
                : "it was placed before with another body. Replay into a data directory of its own.";
            throw new SimulatorException($"orders refused order {refused.Id} as {refused.Outcome}: {reason}");
        }
    }

    /// <summary>Sends anything but an order.</summary>
    /// <exception cref="SimulatorException">It is refused for good.</exception>
    public Task SendAsync(OutsideAction action, CancellationToken cancellationToken) => action switch
    {
        CancelAction cancel => calls.PostAsync<object>("orders", $"orders/{Uri.EscapeDataString(cancel.OrderId)}/cancel", new CancelOrder(cancel.RequestedAt), cancellationToken),
        ReturnAction { Return: var goods } => calls.PostAsync<object>("orders", "returns", goods, cancellationToken),
        StockAction { Adjustment: var adjustment } => calls.PostAsync<object>("inventory", "stock/adjustments", adjustment, cancellationToken),
        LedgerAction { Adjustment: var adjustment } => calls.PostAsync<object>("payments", "ledger/adjustments", adjustment, cancellationToken),
        OrderAction { Order: var order } => SendAsync([order], cancellationToken),
        _ => throw new InvalidOperationException($"Nobody takes {action.GetType().Name}."),
    };
}
