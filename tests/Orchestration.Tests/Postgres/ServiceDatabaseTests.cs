using System.Net;
using System.Net.Sockets;
using FlowPlatform.Orchestration.Postgres;
using Npgsql;

namespace FlowPlatform.Orchestration.Tests.Postgres;

/// <summary>A service's database on a server that runs already.</summary>
public sealed class ServiceDatabaseTests(RunningPostgres running)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly string[] Services = ["orders", "inventory", "payments"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("SUPERUSER")]
    [InlineData("CREATEROLE CREATEDB")]
    public async Task Each_service_opens_its_own_database_and_no_other(string rights)
    {
        var server = await running.GetAsync();
        var prefix = Unique();
        var maker = Sql.With(server.ConnectionString, settings => (settings.Username, settings.Password) = ($"{prefix}_maker", "made"));
        await Sql.ExecuteAsync(server.ConnectionString, $"CREATE ROLE {prefix}_maker LOGIN PASSWORD 'made' {rights}");
        try
        {
            foreach (var service in Services)
            {
                await EnsureAsync(maker, $"{prefix}_{service}", password: service);
                await EnsureAsync(maker, $"{prefix}_{service}", password: $"{service}-again");
            }
            foreach (var service in Services)
            {
                var own = Own(server, prefix, service);
                await Sql.ExecuteAsync(own, "CREATE SCHEMA things", "CREATE TABLE things.thing (id int)");
                (await Sql.ScalarAsync(own, "SELECT datcollate FROM pg_database WHERE datname = current_database()")).ShouldBe("C");
                (await Sql.RefusalAsync(own, $"CREATE DATABASE {prefix}_more")).ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
                (await Sql.RefusalAsync(own, $"CREATE ROLE {prefix}_more")).ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
                foreach (var other in Services.Where(other => other != service))
                {
                    (await Sql.RefusalAsync(Sql.With(own, settings => settings.Database = $"{prefix}_{other}"))).ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
                }
                (await Sql.RefusalAsync(Sql.With(own, settings => settings.Password = service))).ShouldBe(PostgresErrorCodes.InvalidPassword, "the password was changed");
            }
        }
        finally
        {
            await DropAsync(server, prefix);
        }
    }

    [Fact]
    public async Task Names_that_belong_to_somebody_else_are_left_alone()
    {
        var server = await running.GetAsync();
        var prefix = Unique();
        await Sql.ExecuteAsync(server.ConnectionString, $"CREATE ROLE {prefix}_orders LOGIN CREATEDB PASSWORD 'mine'", $"CREATE DATABASE {prefix}_payments");
        try
        {
            (await RefusedAsync(server.ConnectionString, $"{prefix}_orders")).ShouldContain("has rights that no service has");
            (await RefusedAsync(server.ConnectionString, $"{prefix}_payments")).ShouldContain($"The database '{prefix}_payments' on the server belongs to 'flow'");
            (await Sql.ScalarAsync(Sql.With(server.ConnectionString, settings => (settings.Username, settings.Password) = ($"{prefix}_orders", "mine")), "SELECT 1")).ShouldBe(1);
        }
        finally
        {
            await DropAsync(server, prefix);
        }
    }

    [Fact]
    public async Task Each_way_in_which_a_server_can_not_be_used_is_told_with_its_cure_and_without_a_password()
    {
        var server = await running.GetAsync();
        var prefix = Unique();
        await Sql.ExecuteAsync(server.ConnectionString, $"CREATE ROLE {prefix}_user LOGIN PASSWORD 'se-cret' CREATEDB");
        try
        {
            (await RefusedAsync(Sql.With(server.ConnectionString, settings => settings.Password = "se-cret"), "x")).ShouldContain("refuses the user 'flow' (password authentication failed");
            (await RefusedAsync(Sql.With(server.ConnectionString, settings => settings.Database = "se-cret-none"), "x")).ShouldContain("has no database 'se-cret-none'");
            (await RefusedAsync(Sql.With(server.ConnectionString, settings => (settings.Username, settings.Password) = ($"{prefix}_user", "se-cret")), "x"))
                .ShouldContain($"The user '{prefix}_user' at 127.0.0.1:{Port(server)} may not create roles: have ALTER ROLE \"{prefix}_user\" CREATEROLE CREATEDB run there");
            (await RefusedAsync("postgres://flow:se-cret@localhost/db", "x")).ShouldContain("can't be read. It must be like Host=");
            (await RefusedAsync("Username=flow;Password=se-cret", "x")).ShouldContain("names no host");
            (await RefusedAsync("Host=no-such-host.invalid;Username=flow;Password=se-cret", "x")).ShouldContain("no-such-host.invalid");
            (await RefusedAsync($"Host=127.0.0.1;Port={FreePort()};Username=flow;Password=se-cret", "x")).ShouldContain("No Postgres server answers at 127.0.0.1:");
        }
        finally
        {
            await DropAsync(server, prefix);
        }
    }

    [Fact]
    public void A_server_that_is_too_old_or_can_only_be_read_is_refused()
    {
        var facts = new ServerFacts("14.9", 140009, "flow", IsSuperuser: true, MayCreateRoles: true, MayCreateDatabases: true, IsReadOnly: false);
        Should.Throw<PostgresServerException>(() => facts.Check("db:5432")).Message.ShouldContain("db:5432 is Postgres 14.9, which is too old: 15 or newer");
        Should.Throw<PostgresServerException>(() => (facts with { VersionNumber = 150_000, IsReadOnly = true }).Check("db:5432")).Message.ShouldContain("standby");
        Should.NotThrow(() => (facts with { VersionNumber = 150_000 }).Check("db:5432"));
    }

    private static Task<ServerFacts> EnsureAsync(string server, string name, string password) =>
        new ServiceDatabase(name, password).EnsureAsync(server, Patience, TimeProvider.System, Token);

    private static async Task<string> RefusedAsync(string server, string name)
    {
        var told = await Should.ThrowAsync<PostgresServerException>(() =>
            new ServiceDatabase(name, "new").EnsureAsync(server, TimeSpan.Zero, TimeProvider.System, Token));
        told.Message.ShouldNotContain("se-cret@");
        told.Message.ShouldNotContain("=se-cret");
        return told.Message;
    }

    private static string Own(SharedTestPostgres server, string prefix, string service) => Sql.With(server.ConnectionString,
        settings => (settings.Username, settings.Password, settings.Database) = ($"{prefix}_{service}", $"{service}-again", $"{prefix}_{service}"));

    private static int Port(SharedTestPostgres server) => new NpgsqlConnectionStringBuilder(server.ConnectionString).Port;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Unique() => $"t{Guid.NewGuid():N}"[..16];

    private static async Task DropAsync(SharedTestPostgres server, string prefix)
    {
        foreach (var kind in (string[])["DATABASE:datname:pg_database", "ROLE:rolname:pg_roles"])
        {
            var (what, column, table) = kind.Split(':') is [var a, var b, var c] ? (a, b, c) : default;
            while (await Sql.ScalarAsync(server.ConnectionString, $"SELECT {column}::text FROM {table} WHERE {column} LIKE '{prefix}%' ORDER BY {column} DESC LIMIT 1") is string name)
            {
                await Sql.ExecuteAsync(server.ConnectionString, what == "ROLE" ? $"DROP ROLE {name}" : $"DROP DATABASE {name} WITH (FORCE)");
            }
        }
    }
}
