using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using FlowPlatform.Storage.Postgres;
using FlowPlatform.Stores;

namespace FlowPlatform.Testing;

/// <summary>Whole contents of a store's tables, for comparing stores. Safe for concurrent use.</summary>
public static class Tables
{
    /// <summary>Names of the store's tables, without those of the platform.</summary>
    public static async Task<IReadOnlyList<string>> NamesAsync(IStore store)
    {
        await using var connection = await store.OpenReadAsync(TestRun.Cancellation());
        return (await connection.QueryAsync<string>(connection is PostgresConnection
            ? @"SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename NOT LIKE 'flow\_%' ORDER BY tablename COLLATE ""C"""
            : @"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'flow\_%' ESCAPE '\' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name")).AsList();
    }

    /// <summary>Every row of a table as text, <c>column=value|column=value</c>, sorted: where rows lie in the table is no content.</summary>
    public static async Task<IReadOnlyList<string>> DumpAsync(IStore store, string table)
    {
        await using var connection = await store.OpenReadAsync(TestRun.Cancellation());
        using var reader = await connection.ExecuteReaderAsync($"SELECT * FROM \"{table.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(column => $"{reader.GetName(column)}={Show(reader.GetValue(column))}")));
        }

        rows.Sort(StringComparer.Ordinal);
        return rows;
    }

    /// <summary>One hash over all tables: two stores with the same rows have the same.</summary>
    public static async Task<string> HashAsync(IStore store)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var table in await NamesAsync(store))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{table}\n"));
            foreach (var row in await DumpAsync(store, table))
            {
                hash.AppendData(Encoding.UTF8.GetBytes($"{row}\n"));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string Show(object value) => value switch
    {
        DBNull => "∅",
        byte[] bytes => Convert.ToHexStringLower(bytes),
        // As many digits as it needs: how many zeros follow is no content.
        decimal amount => (amount / 1.0000000000000000000000000000m).ToString(CultureInfo.InvariantCulture),
        DateTime time => time.ToString("O", CultureInfo.InvariantCulture),
        double real => real.ToString("R", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
