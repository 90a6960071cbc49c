using Contracts;
using Contracts.Http;
using Dapper;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using ServiceDefaults;
using Accepted = Contracts.Http.Accepted;

namespace Payments;

/// <summary><c>POST /ledger/adjustments</c>: corrections that belong to no order, such as bad debt; the amount is signed.</summary>
internal static class LedgerAdjustments
{
    private const int MaxDescription = 200;
    private const decimal MaxAmount = 1_000_000_000m;
    private const string Find = "SELECT fingerprint, accepted_at AS AcceptedAt FROM ledger_adjustment WHERE adjustment_id = @id";

    public static void MapLedgerAdjustments(this IEndpointRouteBuilder app)
    {
        app.MapPost("/ledger/adjustments", PostAsync)
            .Describe("adjustLedger", "Ledger", "Adjust the ledger", "A correction that belongs to no order, such as bad debt. The amount is signed, not 0, and has at most four decimals.")
            .Example("accepted", StatusCodes.Status202Accepted, Samples.Adjustment, Samples.Accepted)
            .Example("repeated", StatusCodes.Status200OK, Samples.Adjustment, Samples.Accepted)
            .Refusal(
                "other-body", StatusCodes.Status409Conflict, "Adjustment 'A563186' was accepted before with another body. Use another id, or send the same body again.",
                Samples.Adjustment with { Amount = 11062.06m })
            .Invalid("no-description", "description", "A description has 1 to 200 printable characters.", Samples.Adjustment with { Description = "" });
        app.MapGet("/ledger/adjustments/{adjustmentId}", FindAsync)
            .Describe("getLedgerAdjustment", "Ledger", "Find an adjustment of the ledger", "As it was accepted.")
            .Example("found", StatusCodes.Status200OK, answer: Samples.Accepted, with: [("adjustmentId", Samples.Id)])
            .Refusal("unknown", StatusCodes.Status404NotFound, "There is no ledger adjustment '999999'.", with: [("adjustmentId", "999999")]);
    }

    private static async Task<IResult> PostAsync(AdjustLedger body, IServiceStore store, TimeProvider clock, CancellationToken cancellationToken)
    {
        var faults = Check(body);
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        var fingerprint = Fingerprint.Of(body);
        var now = Acceptance.Now(clock);
        var decided = await store.WriteAsync(transaction => DecideAsync(body, fingerprint, now, transaction), cancellationToken);
        return decided.ToAnswer(
            "Adjustment", body.AdjustmentId, $"/ledger/adjustments/{Uri.EscapeDataString(body.AdjustmentId)}", Answer(body.AdjustmentId, decided.AcceptedAt));
    }

    private static async ValueTask<Acceptance> DecideAsync(AdjustLedger adjustment, byte[] fingerprint, DateTimeOffset now, StoreTransaction transaction)
    {
        var row = await transaction.Connection.QuerySingleOrDefaultAsync<Row>(Find, new { id = adjustment.AdjustmentId });
        return await Acceptance.DecideAsync(row?.ToEarlier(), fingerprint, now, async () =>
        {
            await transaction.ExecuteAsync(
                "INSERT INTO ledger_adjustment (adjustment_id, fingerprint, amount, accepted_at) VALUES (@AdjustmentId, @Fingerprint, @Amount, @now)",
                new { adjustment.AdjustmentId, Fingerprint = Convert.ToHexString(fingerprint), adjustment.Amount, now });
            transaction.Emit(new LedgerAdjusted(adjustment.AdjustmentId, adjustment.Amount, adjustment.Description), adjustment.AdjustedAt);
        });
    }

    private static async Task<IResult> FindAsync(string adjustmentId, IServiceStore store, CancellationToken cancellationToken)
    {
        await using var db = await store.OpenReadAsync(cancellationToken);
        var row = await db.QuerySingleOrDefaultAsync<Row>(Find, new { id = adjustmentId });
        return row is null ? Problems.NotFound($"There is no ledger adjustment '{adjustmentId}'.") : TypedResults.Ok(Answer(adjustmentId, row.AcceptedAt));
    }

    private static Accepted Answer(string adjustmentId, DateTimeOffset acceptedAt) => new(adjustmentId, "adjusted", acceptedAt);

    private static Faults Check(AdjustLedger body)
    {
        var faults = new Faults();
        faults.RequireId("adjustmentId", body.AdjustmentId);
        faults.RequireTime("adjustedAt", body.AdjustedAt);
        faults.Require(
            body.Amount is not 0 and >= -MaxAmount and <= MaxAmount && decimal.Round(body.Amount, 4) == body.Amount,
            "amount", $"An amount is not 0, has at most four decimals, and is from -{MaxAmount:N0} to {MaxAmount:N0}.");
        faults.Require(
            RequestRules.IsPrintable(body.Description?.Trim(), MaxDescription), "description", $"A description has 1 to {MaxDescription} printable characters.");
        return faults;
    }

    private sealed class Row
    {
        public string Fingerprint { get; init; } = "";

        public DateTimeOffset AcceptedAt { get; init; }

        public Earlier ToEarlier() => new(Convert.FromHexString(Fingerprint), AcceptedAt);
    }
}
