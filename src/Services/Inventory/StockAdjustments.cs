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

namespace Inventory;

/// <summary><c>POST /stock/adjustments</c>: gifts, write-offs, corrections. Never refused, so stock may go negative; services change none, but their lines count.</summary>
internal static class StockAdjustments
{
    private const int MaxLines = 2_000;
    private const int MaxId = 100;
    private const int MaxCode = 50;
    private const long MaxQuantity = 1_000_000_000;

    public static void MapStockAdjustments(this IEndpointRouteBuilder app)
    {
        app.MapPost("/stock/adjustments", PostAsync);
        app.MapGet("/stock/adjustments/{adjustmentId}", FindAsync);
    }

    private static async Task<Results<Accepted<Accepted>, Ok<Accepted>, ValidationProblem, ProblemHttpResult>> PostAsync(
        AdjustStock body, IServiceStore store, TimeProvider clock, CancellationToken cancellationToken)
    {
        var faults = Check(body);
        if (faults.Any)
        {
            return faults.ToProblem();
        }

        var adjustment = body with { AdjustedAt = body.AdjustedAt.ToUniversalTime() };
        var fingerprint = Convert.ToHexString(SHA256.HashData(FlowJson.Serialize(adjustment)));
        var now = clock.GetUtcNow();
        var before = await store.WriteAsync(transaction => DecideAsync(adjustment, fingerprint, now, transaction), cancellationToken);
        if (before is null)
        {
            return TypedResults.Accepted($"/stock/adjustments/{Uri.EscapeDataString(adjustment.AdjustmentId)}", Answer(adjustment.AdjustmentId, now));
        }

        return before.Fingerprint == fingerprint
            ? TypedResults.Ok(Answer(adjustment.AdjustmentId, before.AcceptedAt))
            : Problems.Conflict($"Adjustment '{adjustment.AdjustmentId}' was accepted before with another body.");
    }

    /// <returns>The row that was there before; null if the adjustment is new and done.</returns>
    private static async ValueTask<Row?> DecideAsync(AdjustStock adjustment, string fingerprint, DateTimeOffset now, StoreTransaction transaction)
    {
        var before = await transaction.QuerySingleOrDefaultAsync<Row>(
            "SELECT fingerprint, accepted_at AS AcceptedAt FROM adjustment WHERE adjustment_id = @AdjustmentId", new { adjustment.AdjustmentId });
        if (before is not null)
        {
            return before;
        }

        var stock = StockBook.Combine(adjustment.Lines.Select(line => (line.Code, line.Quantity)));
        await transaction.ExecuteAsync(
            "INSERT INTO adjustment (adjustment_id, fingerprint, lines, accepted_at) VALUES (@AdjustmentId, @fingerprint, @Count, @now)",
            new { adjustment.AdjustmentId, fingerprint, adjustment.Lines.Count, now });
        await StockBook.ChangeAsync(transaction, [.. stock.Select(line => new StockChange(line.Code, line.Quantity, 0))]);
        transaction.Emit(new StockAdjusted(adjustment.AdjustmentId, adjustment.Lines.Count, stock), adjustment.AdjustedAt);
        return null;
    }

    private static async Task<Results<Ok<Accepted>, ProblemHttpResult>> FindAsync(string adjustmentId, IServiceStore store, CancellationToken cancellationToken)
    {
        await using var db = await store.OpenReadAsync(cancellationToken);
        var row = await db.QuerySingleOrDefaultAsync<Row>(
            "SELECT fingerprint, accepted_at AS AcceptedAt FROM adjustment WHERE adjustment_id = @adjustmentId", new { adjustmentId });
        return row is null ? Problems.NotFound($"There is no stock adjustment '{adjustmentId}'.") : TypedResults.Ok(Answer(adjustmentId, row.AcceptedAt));
    }

    private static Accepted Answer(string adjustmentId, DateTimeOffset acceptedAt) => new(adjustmentId, "adjusted", acceptedAt);

    private static Faults Check(AdjustStock body)
    {
        var faults = new Faults();
        faults.Require(body.AdjustmentId is { Length: >= 1 and <= MaxId }, "adjustmentId", $"An adjustment has an id of 1 to {MaxId} characters.");
        faults.Require(body.AdjustedAt != default, "adjustedAt", "Say when it was adjusted, e.g. 2010-12-01T08:26:00Z.");
        if (faults.Require(body.Lines is { Count: >= 1 and <= MaxLines }, "lines", $"An adjustment has 1 to {MaxLines:N0} lines."))
        {
            for (var index = 0; index < body.Lines.Count; index++)
            {
                var line = body.Lines[index];
                if (faults.Require(line is not null, $"lines[{index}]", "A line has a code and a quantity."))
                {
                    faults.Require(line!.Code is { Length: >= 1 and <= MaxCode }, $"lines[{index}].code", $"A code has 1 to {MaxCode} characters.");
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
    }
}
