using FlowPlatform.Stores;

namespace FlowPlatform.Storage.Sql;

/// <summary>The catalog of generations in a service's main store: a pointer only (rule G1).</summary>
internal static class SqlGenerations
{
    /// <summary>Number of a projection's live generation; the first is made live where there is none.</summary>
    public static Task<int> LiveAsync(IStore main, string projection, TimeProvider clock, CancellationToken cancellationToken) => main.WriteAsync(
        async transaction =>
        {
            await transaction.ExecuteAsync(
                """
                INSERT INTO flow_generation (projection, generation, live, created_at) SELECT @projection, 1, 1, @now
                WHERE NOT EXISTS (SELECT 1 FROM flow_generation WHERE projection = @projection)
                """,
                new { projection, now = clock.GetUtcNow() });
            return await transaction.QuerySingleOrDefaultAsync<int>("SELECT generation FROM flow_generation WHERE projection = @projection AND live = 1", new { projection });
        },
        cancellationToken);
}
