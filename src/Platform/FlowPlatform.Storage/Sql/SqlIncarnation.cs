using System.Data.Common;
using System.Security.Cryptography;
using Dapper;

namespace FlowPlatform.Storage.Sql;

/// <summary>The incarnation is created with the outbox (rule P2): a deleted or restored store never continues another one's sequences.</summary>
internal static class SqlIncarnation
{
    /// <summary>A name that no store has had.</summary>
    public static string Fresh() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>The store's incarnation, made by whoever comes first.</summary>
    public static async Task<Incarnation> EnsureAsync(DbConnection connection, TimeProvider clock)
    {
        await connection.ExecuteAsync(
            """
            INSERT INTO flow_meta (key, value) SELECT 'incarnation-since', @now WHERE NOT EXISTS (SELECT 1 FROM flow_meta WHERE key = 'incarnation') ON CONFLICT (key) DO NOTHING
            """,
            new { now = DapperTypes.ToText(clock.GetUtcNow()) });
        await connection.ExecuteAsync("INSERT INTO flow_meta (key, value) VALUES ('incarnation', @fresh) ON CONFLICT (key) DO NOTHING", new { fresh = Fresh() });
        return await ReadAsync(connection);
    }

    /// <summary>The incarnation now: another replica may have adopted the log.</summary>
    public static async Task<Incarnation> ReadAsync(DbConnection connection)
    {
        var values = (await connection.QueryAsync<(string Key, string Value)>("SELECT key, value FROM flow_meta WHERE key IN ('incarnation', 'incarnation-since')"))
            .ToDictionary(row => row.Key, row => row.Value);
        return new Incarnation(values["incarnation"], values.TryGetValue("incarnation-since", out var since) ? DapperTypes.ToTime(since) : null);
    }
}

/// <summary>One life of a service's outbox.</summary>
/// <param name="Name">Random, so that no two have the same.</param>
/// <param name="Since">When it was created; null in stores that are older than that column.</param>
internal sealed record Incarnation(string Name, DateTimeOffset? Since);
