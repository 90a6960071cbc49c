using System.Data.Common;
using System.Security.Cryptography;
using Dapper;

namespace FlowPlatform.Storage.Sql;

/// <summary>The incarnation is created with the outbox (rule P2): a deleted or restored store never continues another one's sequences.</summary>
internal static class SqlIncarnation
{
    /// <summary>The store's incarnation, made by whoever comes first.</summary>
    public static async Task<string> EnsureAsync(DbConnection connection)
    {
        await connection.ExecuteAsync(
            "INSERT INTO flow_meta (key, value) VALUES ('incarnation', @fresh) ON CONFLICT (key) DO NOTHING",
            new { fresh = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)) });
        return await connection.QuerySingleAsync<string>("SELECT value FROM flow_meta WHERE key = 'incarnation'");
    }
}
