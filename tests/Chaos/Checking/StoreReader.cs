using System.Data.Common;
using System.Globalization;
using FlowPlatform.Chaos.Running;
using FlowPlatform.Orchestration.Supervision;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace FlowPlatform.Chaos.Checking;

/// <summary>Reads the read models where they lie, with plain SQL: the live generation of each, whichever kind of store it is in.</summary>
internal sealed class StoreReader(HostedSystem system)
{
    private const decimal SqliteScale = 10_000m;

    public async Task<ReadModels> ReadAsync(CancellationToken cancellationToken) => new(
        await TableAsync("orders", "order-status", "SELECT order_id, state, updated_at, customer_id, country, amount, placed_at, accepted_ms, shipped_ms FROM order_status", Order, cancellationToken),
        await TableAsync("inventory", "stock-levels", "SELECT code, on_hand, reserved FROM stock", row => KeyValuePair.Create(row.GetString(0), ReadModels.Row(row.GetInt64(1), row.GetInt64(2))), cancellationToken),
        await TableAsync(
            "insights",
            "revenue",
            "SELECT hour, country, orders, units, gross, returns, return_count FROM revenue",
            row => KeyValuePair.Create($"{row.GetString(0)}|{row.GetString(1)}", ReadModels.Row(row.GetInt64(2), row.GetInt64(3), Amount(row, 4), Amount(row, 5), row.GetInt64(6))),
            cancellationToken),
        await TableAsync("insights", "revenue", "SELECT hour, amount, adjustment_count FROM adjustments", row => KeyValuePair.Create(row.GetString(0), ReadModels.Row(Amount(row, 1), row.GetInt64(2))), cancellationToken));

    private async Task<Dictionary<string, string>> TableAsync(string service, string projection, string sql, Func<DbDataReader, KeyValuePair<string, string>> read, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(service, projection, cancellationToken);
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // One of the constants above.
        command.CommandText = sql;
#pragma warning restore CA2100
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var table = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await rows.ReadAsync(cancellationToken))
        {
            var (key, text) = read(rows);
            table.Add(key, text);
        }

        return table;
    }

    private async Task<DbConnection> OpenAsync(string service, string projection, CancellationToken cancellationToken)
    {
        await using var main = Connect(service, "main", "main");
        await main.OpenAsync(cancellationToken);
        await using var command = main.CreateCommand();
        command.CommandText = "SELECT generation FROM flow_generation WHERE projection = @projection AND live = 1";
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = ("projection", projection);
        command.Parameters.Add(parameter);
        var generation = Convert.ToInt32(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
        var connection = Connect(service, string.Create(CultureInfo.InvariantCulture, $"{projection}.g{generation}"), string.Create(CultureInfo.InvariantCulture, $"{projection.Replace('-', '_')}_g{generation}"));
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    private DbConnection Connect(string service, string file, string schema) => system.Topology.OnPostgres
        ? new NpgsqlConnection(new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = EndpointFile.Read(system.Data)!["postgres"]["tcp"],
            Username = "flow",
            Password = system.Secret("postgres-password"),
            Database = $"flow_{service}",
            SearchPath = schema,
            SslMode = SslMode.Disable,
            Pooling = false,
        }.ConnectionString)
        : new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = system.Inside(Path.Combine(system.Data, service, $"{file}.db")), Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());

    private static KeyValuePair<string, string> Order(DbDataReader row) => KeyValuePair.Create(row.GetString(0), ReadModels.Row(
        row.GetInt64(1),
        Time(row, 2),
        row.IsDBNull(3) ? null : row.GetString(3),
        row.IsDBNull(4) ? null : row.GetString(4),
        row.IsDBNull(5) ? null : Amount(row, 5),
        row.IsDBNull(6) ? null : Time(row, 6),
        row.IsDBNull(7) ? null : row.GetInt64(7),
        row.IsDBNull(8) ? null : row.GetInt64(8)));

    private static decimal Amount(DbDataReader row, int column) => row.GetValue(column) is long scaled ? scaled / SqliteScale : row.GetDecimal(column);

    private static DateTimeOffset Time(DbDataReader row, int column) => row.GetValue(column) is string text
        ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal)
        : new DateTimeOffset(row.GetDateTime(column), TimeSpan.Zero);
}
