using System.Globalization;
using FlowPlatform.Orchestration.Postgres;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Tests.Broker;
using Npgsql;

namespace FlowPlatform.Orchestration.Tests.Postgres;

public sealed class PrivatePostgresTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_serves_its_superuser_by_password_only_on_loopback_and_leaves_nothing_behind()
    {
        using var folder = new TemporaryFolder();
        int server;
        await using (var postgres = await PrivatePostgres.StartAsync(new PrivatePostgresOptions { DataDirectory = folder.Path }, null, Token))
        {
            server = postgres.ProcessId;
            (await Sql.ScalarAsync(postgres.ConnectionString, "SELECT current_setting('fsync') || current_setting('data_checksums')")).ShouldBe("onon");
            (await Sql.ScalarAsync(postgres.ConnectionString, "SELECT left(rolpassword, 13) FROM pg_authid WHERE rolname = current_user")).ShouldBe("SCRAM-SHA-256");
            var wrong = new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Password = "wrong", Pooling = false }.ConnectionString;
            (await Should.ThrowAsync<PostgresException>(() => Sql.ScalarAsync(wrong, "SELECT ''"))).SqlState.ShouldBe(PostgresErrorCodes.InvalidPassword);
            ListeningSockets.Of(server).ShouldBe(["127.0.0.1"]);
            File.ReadAllText(folder.File("node.json")).ShouldContain(postgres.Password);
            PrivateFile.IsPrivate(folder.File("data")).ShouldBeTrue();
        }
        ProcessIdentity.Of(server).ShouldBeNull();
        Directory.GetFiles(folder.File("processes")).ShouldBeEmpty();
        File.Exists(folder.File("initial-password")).ShouldBeFalse();
    }

    [Fact]
    public async Task What_was_committed_and_the_password_outlive_a_kill_and_a_second_server_or_another_password_is_refused()
    {
        using var folder = new TemporaryFolder();
        var options = new PrivatePostgresOptions { DataDirectory = folder.File("with a blank") };
        string password;
        await using (var first = await PrivatePostgres.StartAsync(options, null, Token))
        {
            password = first.Password;
            await Sql.ExecuteAsync(first.ConnectionString, "CREATE TABLE kept (value int)", "INSERT INTO kept VALUES (42)");
            var second = await Should.ThrowAsync<PostgresServerException>(() => PrivatePostgres.StartAsync(options, null, Token));
            second.Message.ShouldContain("Another process runs Postgres");
            first.Kill();
            await first.Exited.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, Token);
        }
        // As if the system had given the old server's pid to somebody else meanwhile.
        var pidFile = Path.Combine(options.DataDirectory, "data", "postmaster.pid");
        var lines = await File.ReadAllLinesAsync(pidFile, Token);
        await using var stranger = await ChildProcess.StartAsync(new ChildProcessStart("sleep", ["600"]) { WorkingDirectory = "/" });
        await File.WriteAllLinesAsync(pidFile, [stranger.ProcessId.ToString(CultureInfo.InvariantCulture), .. lines[1..]], Token);

        await using (var again = await PrivatePostgres.StartAsync(options, null, Token))
        {
            again.Password.ShouldBe(password);
            (await Sql.ScalarAsync(again.ConnectionString, "SELECT value FROM kept")).ShouldBe(42);
        }
        var refused = await Should.ThrowAsync<PostgresServerException>(() => PrivatePostgres.StartAsync(options with { Password = "another" }, null, Token));
        refused.Message.ShouldContain("another user or password");
    }

    [Fact]
    public async Task A_taken_port_is_named()
    {
        using var folder = new TemporaryFolder();
        using var other = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        other.Start();
        var port = ((System.Net.IPEndPoint)other.LocalEndpoint).Port;
        var options = new PrivatePostgresOptions { DataDirectory = folder.Path, Durable = false, Port = port };
        var refused = await Should.ThrowAsync<PostgresServerException>(() => PrivatePostgres.StartAsync(options, null, Token));
        refused.Message.ShouldContain(string.Create(CultureInfo.InvariantCulture, $"port {port} is taken"));
    }

    [Fact]
    public async Task A_server_that_ends_at_once_is_told_with_its_last_words()
    {
        using var folder = new TemporaryFolder();
        var options = new PrivatePostgresOptions { DataDirectory = folder.Path, Durable = false, Configuration = ["max_connections = none"] };
        var refused = await Should.ThrowAsync<PostgresServerException>(() => PrivatePostgres.StartAsync(options, null, Token));
        refused.Message.ShouldContain("ended while starting");
        refused.Message.ShouldContain("max_connections");
    }

    [Fact]
    public async Task A_cluster_of_another_version_is_refused_with_the_way_out()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("data"));
        await File.WriteAllTextAsync(folder.File("data/PG_VERSION"), "8\n", Token);
        var refused = await Should.ThrowAsync<PostgresServerException>(() =>
            PrivatePostgres.StartAsync(new PrivatePostgresOptions { DataDirectory = folder.Path }, null, Token));
        refused.Message.ShouldContain("was made by Postgres 8");
        refused.Message.ShouldContain("pg_dump");
    }

    [Fact]
    public async Task Where_root_may_not_make_a_namespace_the_server_runs_as_nobody()
    {
        using var folder = new TemporaryFolder();
        // Only root needs, and can take, this way: others run the server as themselves, which must work all the same.
        var asRoot = Signals.Identity() is { User: 0 };
        var options = new PrivatePostgresOptions { DataDirectory = folder.Path, Durable = false, RunAs = asRoot ? ServerUser.Nobody : null };
        for (var start = 0; start < 2; start++)
        {
            await using var postgres = await PrivatePostgres.StartAsync(options with { RunAs = start == 0 ? options.RunAs : null }, null, Token);
            (await Sql.ScalarAsync(postgres.ConnectionString, "SELECT 1")).ShouldBe(1);
            UserOf(postgres.ProcessId).ShouldBe(asRoot ? "65534" : Signals.Identity()?.User.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static string UserOf(int pid) =>
        File.ReadLines($"/proc/{pid}/status").Single(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[2];
}
