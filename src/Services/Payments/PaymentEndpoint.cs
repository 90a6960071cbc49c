using Contracts.Http;
using Dapper;
using FlowPlatform.Stores;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults;

namespace Payments;

/// <summary><c>GET /payments/{orderId}</c>.</summary>
internal static class PaymentEndpoint
{
    public static void MapPaymentStatus(this IEndpointRouteBuilder app) => app.MapGet("/payments/{orderId}", FindAsync)
        .Describe("getPayment", "Payments", "Find an order's payment", "Status: pending, charged, declined, refunded or skipped (cancelled before the card was asked).")
        .Example("pending", StatusCodes.Status200OK, answer: Samples.Payment, with: [("orderId", "536365")])
        .Refusal("unknown", StatusCodes.Status404NotFound, "There is no payment for order '999999'.", with: [("orderId", "999999")]);

    private static async Task<Results<Ok<PaymentView>, ProblemHttpResult>> FindAsync(string orderId, IServiceStore store, CancellationToken cancellationToken)
    {
        await using var db = await store.OpenReadAsync(cancellationToken);
        var payment = await db.QuerySingleOrDefaultAsync<Payment>(Payment.Select, new { orderId });
        return payment is null
            ? Problems.NotFound($"There is no payment for order '{orderId}'.")
            : TypedResults.Ok(new PaymentView(orderId, InWords(payment.Status), payment.Amount));
    }

    private static string InWords(PaymentStatus status) => status switch
    {
        PaymentStatus.Pending => "pending",
        PaymentStatus.Charged or PaymentStatus.Refunding => "charged",
        PaymentStatus.Declined or PaymentStatus.GivenUp => "declined",
        PaymentStatus.Skipped => "skipped",
        PaymentStatus.Refunded => "refunded",
        _ => throw new InvalidOperationException($"{status} is no payment status."),
    };
}
