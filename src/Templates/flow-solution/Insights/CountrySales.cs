using Contracts;
using FlowPlatform.Consumers;
using FlowPlatform.Storage;

namespace Insights;

/// <summary>The projection <c>country-sales</c>: orders and pieces by country. Sums only, so that it does not matter in which order partitions come.</summary>
internal sealed class CountrySales : Projection
{
    public CountrySales() => On<OrderPlaced>((placed, context) => context.ExecuteAsync(
        """
        INSERT INTO country_sales (country, orders, pieces) VALUES (@Country, 1, @Pieces)
        ON CONFLICT (country) DO UPDATE SET orders = country_sales.orders + 1, pieces = country_sales.pieces + excluded.pieces
        """,
        new { placed.Country, placed.Pieces }));
}
