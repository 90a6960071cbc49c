using Dapper;
using FlowPlatform.Stores;

namespace FlowPlatform.Storage;

/// <summary>SQL in handlers and decisions: Dapper on the scope's connection, inside its transaction.</summary>
public static class SqlExtensions
{
    /// <summary>Runs a statement; for a list of parameter objects, once for each.</summary>
    /// <returns>Rows affected.</returns>
    public static Task<int> ExecuteAsync(this IStoreScope scope, string sql, object? parameters = null) => scope.Connection.ExecuteAsync(sql, parameters);

    /// <summary>Reads rows.</summary>
    public static Task<IEnumerable<T>> QueryAsync<T>(this IStoreScope scope, string sql, object? parameters = null) => scope.Connection.QueryAsync<T>(sql, parameters);

    /// <summary>Reads at most one row.</summary>
    public static Task<T?> QuerySingleOrDefaultAsync<T>(this IStoreScope scope, string sql, object? parameters = null) => scope.Connection.QuerySingleOrDefaultAsync<T>(sql, parameters);
}
