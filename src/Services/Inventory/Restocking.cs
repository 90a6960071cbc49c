using Contracts;
using FlowPlatform.Consumers;
using FlowPlatform.Storage;

namespace Inventory;

/// <summary>Takes returned goods back into stock. Services can't come back, but the return counts.</summary>
internal static class Restocking
{
    public static async Task ReturnAsync(GoodsReturned returned, ReactorContext context)
    {
        var stock = StockBook.Combine(returned.Lines);
        var units = stock.Sum(line => line.Quantity);
        var added = await context.ExecuteAsync(
            "INSERT INTO restock (return_id, units) VALUES (@ReturnId, @units) ON CONFLICT (return_id) DO NOTHING", new { returned.ReturnId, units });
        if (added == 1)
        {
            await StockBook.ChangeAsync(context, [.. stock.Select(line => new StockChange(line.Code, line.Quantity, 0))]);
            context.Emit(new StockRestocked(returned.ReturnId, units, stock));
        }
    }
}
