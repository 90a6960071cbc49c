using System.Security.Cryptography;
using Contracts;
using Contracts.Http;
using Dapper;
using FlowPlatform.Events;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults;
using Accepted = Contracts.Http.Accepted;

namespace Payments;

/// <summary><c>POST /ledger/adjustments</c>: corrections that belong to no order, such as bad debt; the amount is signed.</summary>
internal static class LedgerAdjustments
{
    private const int MaxId = 100;
    private const int MaxDescription = 200;
    private const decimal MaxAmount = 1_000_000_000m;

    public static void MapLedgerAdjustments(this IEndpointRouteBuilder app)
    {
        app.MapPost("/ledger/adjustments", PostAsync);
        app.MapGet("/ledger/adjustments/{adjustmentId}", FindAsync);
    }

    private static async Task<Results<Accepted<Accepted>, Ok<Accepted>, ValidationProblem, ProblemHttpResult>> PostAsync(
        AdjustLedger body, IServiceStore store, TimeProvider clock, CancellationToken cancellationToken)
    {
        var faults = Check(body);
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        // 1.50 and 1.5 are the same amount, and so are two ways to write one time.
        var adjustment = body with { AdjustedAt = body.AdjustedAt.ToUniversalTime(), Amount = body.Amount / 1.0000000000000000000000000000m };
        var fingerprint = Convert.ToHexString(SHA256.HashData(FlowJson.Serialize(adjustment)));
        var now = clock.GetUtcNow();
        var before = await store.WriteAsync(transaction => DecideAsync(adjustment, fingerprint, now, transaction), cancellationToken);
        if (before is null)
        {
            return TypedResults.Accepted($"/ledger/adjustments/{Uri.EscapeDataString(adjustment.AdjustmentId)}", Answer(adjustment.AdjustmentId, now));
        }

        return before.Fingerprint == fingerprint
            ? TypedResults.Ok(Answer(adjustment.AdjustmentId, before.AcceptedAt))
            : Problems.Conflict($"Adjustment '{adjustment.AdjustmentId}' was accepted before with another body.");
    }

    /// <returns>The row that was there before; null if the adjustment is new and done.</returns>
    private static async ValueTask<Row?> DecideAsync(AdjustLedger adjustment, string fingerprint, DateTimeOffset now, StoreTransaction transaction)
    {
        var before = await transaction.QuerySingleOrDefaultAsync<Row>(
            "SELECT fingerprint, accepted_at AS AcceptedAt FROM ledger_adjustment WHERE adjustment_id = @AdjustmentId", new { adjustment.AdjustmentId });
        if (before is not null)
        {
            return before;
        }

        await transaction.ExecuteAsync(
            "INSERT INTO ledger_adjustment (adjustment_id, fingerprint, amount, accepted_at) VALUES (@AdjustmentId, @fingerprint, @Amount, @now)",
            new { adjustment.AdjustmentId, fingerprint, adjustment.Amount, now });
        transaction.Emit(new LedgerAdjusted(adjustment.AdjustmentId, adjustment.Amount, adjustment.Description), adjustment.AdjustedAt);
        return null;
    }

    private static async Task<Results<Ok<Accepted>, ProblemHttpResult>> FindAsync(string adjustmentId, IServiceStore store, CancellationToken cancellationToken)
    {
        await using var db = await store.OpenReadAsync(cancellationToken);
        var row = await db.QuerySingleOrDefaultAsync<Row>(
            "SELECT fingerprint, accepted_at AS AcceptedAt FROM ledger_adjustment WHERE adjustment_id = @adjustmentId", new { adjustmentId });
        return row is null ? Problems.NotFound($"There is no ledger adjustment '{adjustmentId}'.") : TypedResults.Ok(Answer(adjustmentId, row.AcceptedAt));
    }

    private static Accepted Answer(string adjustmentId, DateTimeOffset acceptedAt) => new(adjustmentId, "adjusted", acceptedAt);

    private static Faults Check(AdjustLedger body)
    {
        var faults = new Faults();
        faults.Require(body.AdjustmentId is { Length: >= 1 and <= MaxId }, "adjustmentId", $"An adjustment has an id of 1 to {MaxId} characters.");
        faults.Require(body.AdjustedAt != default, "adjustedAt", "Say when it was adjusted, e.g. 2010-12-01T08:26:00Z.");
        faults.Require(
            body.Amount is not 0 and >= -MaxAmount and <= MaxAmount && decimal.Round(body.Amount, 4) == body.Amount,
            "amount", $"An amount is not 0, has at most four decimals, and is from -{MaxAmount:N0} to {MaxAmount:N0}.");
        faults.Require(body.Description is { Length: >= 1 and <= MaxDescription }, "description", $"An adjustment has a description of 1 to {MaxDescription} characters.");
        return faults;
    }

    private sealed class Row
    {
        public string Fingerprint { get; init; } = "";

        public DateTimeOffset AcceptedAt { get; init; }
    }
}
