using Contracts;
using Contracts.Http;
using Dapper;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using ServiceDefaults;
using Accepted = Contracts.Http.Accepted;

namespace Inventory;

/// <summary><c>POST /stock/adjustments</c>: gifts, write-offs, corrections. Never refused, so stock may go negative; services change none, but their lines count.</summary>
internal static class StockAdjustments
{
    private const int MaxLines = 2_000;
    private const int MaxCode = 32;
    private const long MaxQuantity = 1_000_000_000;
    private const string Find = "SELECT fingerprint, accepted_at AS AcceptedAt FROM adjustment WHERE adjustment_id = @id";

    public static void MapStockAdjustments(this IEndpointRouteBuilder app)
    {
        app.MapPost("/stock/adjustments", PostAsync)
            .Describe("adjustStock", "Stock", "Adjust stock", "Gifts, write-offs, corrections: signed quantities, 1 to 2,000 lines. Never refused for lack of stock, which may go negative. Services change none, but their lines count.")
            .Example("accepted", StatusCodes.Status202Accepted, Samples.Adjustment, Samples.Accepted)
            .Example("repeated", StatusCodes.Status200OK, Samples.Adjustment, Samples.Accepted)
            .Refusal(
                "other-body", StatusCodes.Status409Conflict, "Adjustment '536414-adj' was accepted before with another body. Use another id, or send the same body again.",
                Samples.Adjustment with { Lines = [new StockQuantity(Samples.Code, 65)] })
            .Invalid("no-lines", "lines", "An adjustment has 1 to 2,000 lines.", Samples.Adjustment with { Lines = [] });
        app.MapGet("/stock/adjustments/{adjustmentId}", FindAsync)
            .Describe("getStockAdjustment", "Stock", "Find an adjustment of stock", "As it was accepted.")
            .Example("found", StatusCodes.Status200OK, answer: Samples.Accepted, with: [("adjustmentId", Samples.Id)])
            .Refusal("unknown", StatusCodes.Status404NotFound, "There is no stock adjustment '999999'.", with: [("adjustmentId", "999999")]);
    }

    private static async Task<IResult> PostAsync(AdjustStock body, IServiceStore store, TimeProvider clock, CancellationToken cancellationToken)
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
            "Adjustment", body.AdjustmentId, $"/stock/adjustments/{Uri.EscapeDataString(body.AdjustmentId)}", Answer(body.AdjustmentId, decided.AcceptedAt));
    }

    private static async ValueTask<Acceptance> DecideAsync(AdjustStock adjustment, byte[] fingerprint, DateTimeOffset now, StoreTransaction transaction)
    {
        var row = await transaction.Connection.QuerySingleOrDefaultAsync<Row>(Find, new { id = adjustment.AdjustmentId });
        return await Acceptance.DecideAsync(row?.ToEarlier(), fingerprint, now, async () =>
        {
            var stock = StockBook.Combine(adjustment.Lines.Select(line => (line.Code, line.Quantity)));
            await transaction.ExecuteAsync(
                "INSERT INTO adjustment (adjustment_id, fingerprint, lines, accepted_at) VALUES (@AdjustmentId, @Fingerprint, @Count, @now)",
                new { adjustment.AdjustmentId, Fingerprint = Convert.ToHexString(fingerprint), adjustment.Lines.Count, now });
            await StockBook.ChangeAsync(transaction, [.. stock.Select(line => new StockChange(line.Code, line.Quantity, 0))]);
            transaction.Emit(new StockAdjusted(adjustment.AdjustmentId, adjustment.Lines.Count, stock), adjustment.AdjustedAt);
        });
    }

    private static async Task<IResult> FindAsync(string adjustmentId, IServiceStore store, CancellationToken cancellationToken)
    {
        await using var db = await store.OpenReadAsync(cancellationToken);
        var row = await db.QuerySingleOrDefaultAsync<Row>(Find, new { id = adjustmentId });
        return row is null ? Problems.NotFound($"There is no stock adjustment '{adjustmentId}'.") : TypedResults.Ok(Answer(adjustmentId, row.AcceptedAt));
    }

    private static Accepted Answer(string adjustmentId, DateTimeOffset acceptedAt) => new(adjustmentId, "adjusted", acceptedAt);

    private static Faults Check(AdjustStock body)
    {
        var faults = new Faults();
        faults.RequireId("adjustmentId", body.AdjustmentId);
        faults.RequireTime("adjustedAt", body.AdjustedAt);
        if (faults.Require(body.Lines is { Count: >= 1 and <= MaxLines }, "lines", $"An adjustment has 1 to {MaxLines:N0} lines."))
        {
            for (var index = 0; index < body.Lines.Count; index++)
            {
                var line = body.Lines[index];
                if (faults.Require(line is not null, $"lines[{index}]", "A line has a code and a quantity."))
                {
                    faults.RequireText($"lines[{index}].code", line!.Code, MaxCode, "A code");
                    faults.Require(
                        line.Quantity is not 0 and >= -MaxQuantity and <= MaxQuantity,
                        $"lines[{index}].quantity",
                        $"A quantity is a whole number from -{MaxQuantity:N0} to {MaxQuantity:N0} and not 0.");
                }
            }
        }

        return faults;
    }

    private sealed class Row
    {
        public string Fingerprint { get; init; } = "";

        public DateTimeOffset AcceptedAt { get; init; }

        public Earlier ToEarlier() => new(Convert.FromHexString(Fingerprint), AcceptedAt);
    }
}
