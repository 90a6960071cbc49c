using System.Text.Json;
using Npgsql;

namespace FlowPlatform.EndToEnd.Tests;

/// <summary>The databases of a running AppHost's services, opened with the very roles that the services have.</summary>
internal sealed class ServiceDatabases
{
    private readonly string server;
    private readonly JsonElement secrets;

    private ServiceDatabases(string server, JsonElement secrets)
    {
        this.server = server;
        this.secrets = secrets;
    }

    public static readonly string[] Services = ["orders", "inventory", "payments", "shipping", "insights"];

    /// <summary>Reads where they are; the services must be ready.</summary>
    public static ServiceDatabases Of(string data)
    {
        using var host = JsonDocument.Parse(File.ReadAllText(Path.Combine(data, "apphost.json")));
        using var secrets = JsonDocument.Parse(File.ReadAllText(Path.Combine(data, "secrets.json")));
        return new ServiceDatabases(host.RootElement.GetProperty("postgres").GetString()!, secrets.RootElement.Clone());
    }

    /// <summary>Opens a service's database as a service; its own, unless another is named.</summary>
    public async Task<NpgsqlConnection> OpenAsync(string role, string? database = null)
    {
        var address = server.Split(':');
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = address[0],
            Port = int.Parse(address[1], System.Globalization.CultureInfo.InvariantCulture),
            Username = $"flow_{role}",
            Password = secrets.GetProperty($"{role}-db-password").GetString(),
            Database = $"flow_{database ?? role}",
            SearchPath = "main",
            Pooling = false,
        };
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>The process that has a consumer's first lease, or null if nobody has it who is there.</summary>
    public async Task<int?> OwnerAsync(string service, string consumer)
    {
        var owner = await AskAsync<string>(
            service, "SELECT owner FROM flow_lease JOIN flow_member ON member = owner WHERE consumer = $1 AND ends_at > clock_timestamp() ORDER BY stream, partition LIMIT 1", consumer);
        return owner is null ? null : int.Parse(owner.Split('/')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>True if live replicas other than this process have all of the service's leases.</summary>
    public async Task<bool> IsWithoutAsync(string service, int process) => await AskAsync<bool>(
        service,
        "SELECT bool_and(EXISTS (SELECT 1 FROM flow_member WHERE member = owner AND ends_at > clock_timestamp() AND split_part(member, '/', 2) <> $1)) FROM flow_lease",
        process.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private async Task<T?> AskAsync<T>(string service, string sql, string parameter)
    {
        await using var connection = await OpenAsync(service);
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new NpgsqlParameter { Value = parameter } } };
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken) is T found ? found : default;
    }
}
