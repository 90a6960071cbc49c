using Contracts.Http;
using Dapper;
using Microsoft.Data.Sqlite;
using Simulator.Storage;

namespace Simulator.Gateway;

/// <summary>The durable book of the card gateway and of the courier: one entry per idempotency key, one answer for ever. Safe for concurrent use.</summary>
internal sealed class Book(SimulatorStore store, Outages outages)
{
    private const decimal Scale = 10_000m;

    /// <summary>Charges a card, or pays back, unless the key has an outage to come.</summary>
    public Task<Booking<GatewayAnswer>> DecideAsync(string kind, string key, GatewayRequest request, CancellationToken cancellationToken) => store.WriteAsync(
        db =>
        {
            var row = db.QuerySingleOrDefault<GatewayRow>("SELECT kind, reference, amount, approved, authorization, reason FROM gateway_book WHERE key = @key", new { key });
            var amount = decimal.ToInt64(request.Amount * Scale);
            if (row is not null)
            {
                return row.Kind == kind && row.Reference == request.Reference && row.Amount == amount
                    ? new Booking<GatewayAnswer>(row.ToAnswer())
                    : Booking<GatewayAnswer>.Conflict;
            }

            var outage = NextOutage(db, key);
            if (outage is Outage.Refused or Outage.BrokenBefore)
            {
                return new Booking<GatewayAnswer>(null, outage);
            }

            var reason = kind == "charge" ? outages.DeclineOf(key) : null;
            var authorization = reason is null ? $"{(kind == "charge" ? "AUTH" : "BACK")}-{Outages.HashOf(key):X16}" : null;
            var booked = new GatewayRow { Kind = kind, Reference = request.Reference, Amount = amount, Approved = reason is null ? 1 : 0, Authorization = authorization, Reason = reason };
            db.Execute(
                "INSERT INTO gateway_book (key, kind, reference, amount, approved, authorization, reason) VALUES (@key, @Kind, @Reference, @Amount, @Approved, @Authorization, @Reason)",
                new { key, booked.Kind, booked.Reference, booked.Amount, booked.Approved, booked.Authorization, booked.Reason });
            return new Booking<GatewayAnswer>(booked.ToAnswer(), outage);
        },
        cancellationToken);

    /// <summary>Books a parcel with the courier, unless the key has an outage to come.</summary>
    public Task<Booking<CourierAnswer>> BookCourierAsync(string key, CourierRequest request, CancellationToken cancellationToken) => store.WriteAsync(
        db =>
        {
            var row = db.QuerySingleOrDefault<CourierRow>(
                "SELECT order_id AS OrderId, country, units, tracking_code AS TrackingCode FROM courier_book WHERE key = @key", new { key });
            if (row is not null)
            {
                return row.OrderId == request.OrderId && row.Country == request.Country && row.Units == request.Units
                    ? new Booking<CourierAnswer>(new CourierAnswer(row.TrackingCode))
                    : Booking<CourierAnswer>.Conflict;
            }

            var outage = NextOutage(db, key);
            if (outage is Outage.Refused or Outage.BrokenBefore)
            {
                return new Booking<CourierAnswer>(null, outage);
            }

            var trackingCode = $"TRK-{Outages.HashOf(key):X16}";
            db.Execute(
                "INSERT INTO courier_book (key, order_id, country, units, tracking_code) VALUES (@key, @OrderId, @Country, @Units, @trackingCode)",
                new { key, request.OrderId, request.Country, request.Units, trackingCode });
            return new Booking<CourierAnswer>(new CourierAnswer(trackingCode), outage);
        },
        cancellationToken);

    /// <summary>What the book adds up to. A refund belongs to an order if that order was charged, else to a return.</summary>
    public Task<BookSums> SumAsync(CancellationToken cancellationToken) => store.ReadAsync(
        db =>
        {
            var charges = db.QuerySingle<Sum>("SELECT count(*) AS Count, coalesce(sum(amount), 0) AS Amount FROM gateway_book WHERE kind = 'charge' AND approved = 1");
            var refunds = db.Query<Sum>(
                """
                SELECT c.reference IS NOT NULL AS OfOrder, count(*) AS Count, coalesce(sum(r.amount), 0) AS Amount
                FROM gateway_book r LEFT JOIN (SELECT DISTINCT reference FROM gateway_book WHERE kind = 'charge') c ON c.reference = r.reference
                WHERE r.kind = 'refund' GROUP BY c.reference IS NOT NULL
                """).ToList();
            var (orders, returns) = (refunds.FirstOrDefault(sum => sum.OfOrder == 1) ?? new Sum(), refunds.FirstOrDefault(sum => sum.OfOrder == 0) ?? new Sum());
            return new BookSums(
                charges.Amount / Scale,
                charges.Count,
                db.ExecuteScalar<long>("SELECT count(*) FROM gateway_book WHERE kind = 'charge' AND approved = 0"),
                orders.Amount / Scale,
                orders.Count,
                returns.Amount / Scale,
                returns.Count,
                db.ExecuteScalar<long>("SELECT count(*) FROM courier_book"),
                db.Query<string>("SELECT reference FROM gateway_book WHERE approved = 1 GROUP BY kind, reference HAVING count(*) > 1 LIMIT 10").ToList(),
                db.Query<string>("SELECT order_id FROM courier_book GROUP BY order_id HAVING count(*) > 1 LIMIT 10").ToList());
        },
        cancellationToken);

    // Counted on disk before the attempt fails: a restart can't make a key fail more often.
    private Outage? NextOutage(SqliteConnection db, string key)
    {
        var planned = outages.Of(key);
        if (planned.Count == 0)
        {
            return null;
        }

        var failed = db.ExecuteScalar<int>("INSERT INTO outage (key, failures) VALUES (@key, 1) ON CONFLICT (key) DO UPDATE SET failures = failures + 1 RETURNING failures", new { key });
        return failed <= planned.Count ? planned[failed - 1] : null;
    }

    private sealed class GatewayRow
    {
        public string Kind { get; init; } = "";

        public string Reference { get; init; } = "";

        public long Amount { get; init; }

        public long Approved { get; init; }

        public string? Authorization { get; init; }

        public string? Reason { get; init; }

        public GatewayAnswer ToAnswer() => new(Approved == 1, Authorization, Reason);
    }

    private sealed class CourierRow
    {
        public string OrderId { get; init; } = "";

        public string Country { get; init; } = "";

        public long Units { get; init; }

        public string TrackingCode { get; init; } = "";
    }

    private sealed class Sum
    {
        public long OfOrder { get; init; }

        public long Count { get; init; }

        public long Amount { get; init; }
    }
}

/// <summary>What became of a request: an answer, an outage, an answer that an outage keeps from the caller, or (neither) a key that was used for something else.</summary>
internal sealed record Booking<T>(T? Answer, Outage? Outage = null)
    where T : class
{
    public static readonly Booking<T> Conflict = new(null, null);
}

/// <summary>Sums of the book; amounts are exact and positive.</summary>
/// <param name="Taken">Approved charges.</param>
/// <param name="Charges">How many.</param>
/// <param name="Declines">Charges declined for good.</param>
/// <param name="RefundedToOrders">Paid back for orders that were charged.</param>
/// <param name="OrderRefunds">How many.</param>
/// <param name="RefundedToReturns">Paid back for returned goods.</param>
/// <param name="ReturnRefunds">How many.</param>
/// <param name="Bookings">Parcels that the courier has.</param>
/// <param name="RepeatedReferences">Orders or returns that were charged or refunded twice: at most ten of them.</param>
/// <param name="RepeatedBookings">Orders that the courier has twice: at most ten of them.</param>
internal sealed record BookSums(
    decimal Taken, long Charges, long Declines, decimal RefundedToOrders, long OrderRefunds, decimal RefundedToReturns, long ReturnRefunds,
    long Bookings, IReadOnlyList<string> RepeatedReferences, IReadOnlyList<string> RepeatedBookings);
