using System.Collections;
using Dapper;
using FlowPlatform.Storage.Postgres;
using FlowPlatform.Stores;

namespace FlowPlatform.Storage;

/// <summary>SQL in handlers and decisions: Dapper on the scope's connection, inside its transaction.</summary>
public static class SqlExtensions
{
    /// <summary>Runs a statement; for a list of parameter objects, once for each.</summary>
    /// <returns>Rows affected.</returns>
    public static Task<int> ExecuteAsync(this IStoreScope scope, string sql, object? parameters = null) =>
        scope.Connection is PostgresConnection postgres && parameters is IEnumerable and not string and not IDictionary<string, object?> and not SqlMapper.IDynamicParameters
            ? ExecuteListAsync(postgres, sql, parameters)
            : scope.Connection.ExecuteAsync(sql, parameters);

    /// <summary>Reads rows.</summary>
    public static Task<IEnumerable<T>> QueryAsync<T>(this IStoreScope scope, string sql, object? parameters = null) => scope.Connection.QueryAsync<T>(sql, parameters);

    /// <summary>Reads at most one row.</summary>
    public static Task<T?> QuerySingleOrDefaultAsync<T>(this IStoreScope scope, string sql, object? parameters = null) => scope.Connection.QuerySingleOrDefaultAsync<T>(sql, parameters);

    /// <summary>In one round trip: on SQLite a statement is a call, on Postgres a journey.</summary>
    private static async Task<int> ExecuteListAsync(PostgresConnection connection, string sql, object parameters)
    {
        using var batch = connection.Collect();
        await connection.ExecuteAsync(sql, parameters);
        return await batch.RunAsync();
    }
}
