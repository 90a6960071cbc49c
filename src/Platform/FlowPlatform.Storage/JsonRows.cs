using System.Data.Common;
using System.Text.Encodings.Web;
using System.Text.Json;
using FlowPlatform.Storage.Postgres;

namespace FlowPlatform.Storage;

/// <summary>
/// A list that one statement reads as a table, on either kind of store: one parameter of JSON, whatever the list's length, so that the statement's text, and with it its plan, stays the
/// same. Without it a list becomes a text for each length (<c>IN @ids</c>) or a statement for each row.
/// </summary>
public static class JsonRows
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The parameter's value. Members become columns in snake_case; their types are text, integers and booleans, because an amount is stored differently by each kind of store.</summary>
    /// <param name="rows">Values, or objects with the members that are read.</param>
    public static string Of<T>(IEnumerable<T> rows) => JsonSerializer.Serialize(rows, Options);

    /// <summary>SQL for what <c>IN</c> compares with: <c>$"code IN {JsonRows.Values(connection, "codes")}"</c>.</summary>
    /// <param name="connection">The store's.</param>
    /// <param name="parameter">Name of the parameter, a list of texts.</param>
    public static string Values(DbConnection connection, string parameter) => connection is PostgresConnection
        ? $"(SELECT json_array_elements_text(@{parameter}::json))"
        : $"(SELECT value FROM json_each(@{parameter}))";

    /// <summary>SQL for a table in <c>FROM</c>: <c>$"FROM {JsonRows.Table(connection, "changes", "code text", "on_hand bigint")} AS change"</c>.</summary>
    /// <param name="connection">The store's.</param>
    /// <param name="parameter">Name of the parameter, a list of objects.</param>
    /// <param name="columns">The columns, each with its type on Postgres.</param>
    public static string Table(DbConnection connection, string parameter, params ReadOnlySpan<string> columns)
    {
        if (connection is PostgresConnection)
        {
            return $"(SELECT * FROM json_to_recordset(@{parameter}::json) AS item ({string.Join(", ", columns!)}))";
        }

        var names = new string[columns.Length];
        for (var index = 0; index < columns.Length; index++)
        {
            var name = columns[index][..columns[index].IndexOf(' ', StringComparison.Ordinal)];
            names[index] = $"value ->> '{name}' AS {name}";
        }

        return $"(SELECT {string.Join(", ", names)} FROM json_each(@{parameter}))";
    }
}
