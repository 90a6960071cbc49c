using Contracts;
using Contracts.Http;
using FlowPlatform.Stores;
using ServiceDefaults;

namespace Orders;

/// <summary>A valid order with what is computed about it before the store is asked.</summary>
internal sealed record Candidate(PlaceOrder Order, byte[] Hash, decimal Amount)
{
    public static Candidate Of(PlaceOrder order) => new(order, Fingerprint.Of(order), order.Lines.Sum(static line => line.Amount));
}

/// <summary>The decision about orders, one or many in a unit of work.</summary>
internal static class OrderPlacing
{
    public static async ValueTask<Acceptance[]> DecideAsync(StoreTransaction transaction, IReadOnlyList<Candidate> candidates, DateTimeOffset now)
    {
        var known = await OrderTable.FindAllAsync(transaction.Connection, candidates.Select(candidate => candidate.Order.OrderId));
        var accepted = new List<OrderRow>(candidates.Count);
        var results = new Acceptance[candidates.Count];
        for (var index = 0; index < results.Length; index++)
        {
            var (order, hash, _) = candidates[index];
            var earlier = known.TryGetValue(order.OrderId, out var row) ? new Earlier(row.BodyHash, row.AcceptedAt) : null;
            results[index] = Acceptance.Of(earlier, hash, now);
            if (results[index].Outcome != Outcome.Accepted)
            {
                continue;
            }

            row = RowOf(candidates[index], now);
            accepted.Add(row);
            known.Add(order.OrderId, row);
            transaction.Emit(new OrderPlaced(order.OrderId, order.CustomerId, order.Country, order.Lines), order.PlacedAt);
        }

        await OrderTable.InsertAsync(transaction, accepted);
        return results;
    }

    private static OrderRow RowOf(Candidate candidate, DateTimeOffset now) => new()
    {
        OrderId = candidate.Order.OrderId,
        BodyHash = candidate.Hash,
        CustomerId = candidate.Order.CustomerId,
        Country = candidate.Order.Country,
        Amount = candidate.Amount,
        PlacedAt = candidate.Order.PlacedAt.ToUniversalTime(),
        AcceptedAt = now,
    };
}
