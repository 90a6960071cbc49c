using FlowPlatform.Hosting;
using FlowPlatform.Storage;
using FlowPlatform.Storage.Postgres;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Runtime;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace FlowPlatform.Tests.Storage.Postgres;

/// <summary>How a service comes to its database, and what it is told when it can't.</summary>
public sealed class PostgresOpeningTests(PostgresFixture postgres) : PostgresTest(postgres)
{
    [Fact]
    public async Task A_database_belongs_to_one_service()
    {
        await OpenAsync();
        await using var other = Create(service: "shop");
        (await Should.ThrowAsync<MigrationException>(() => other.OpenAsync(Token))).Message.ShouldContain("belongs to service 'bank'");
    }

    [Fact]
    public async Task Each_generation_has_a_schema_and_the_search_path_knows_only_it()
    {
        var store = await OpenAsync();
        await using var generation = await store.OpenGenerationAsync("order-status", [new Migration(1, "0001_a", "CREATE TABLE thing (id integer)")], Token);
        (await AskAsync<string>("SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname IN ('main', 'order_status_g1')")).ShouldBe("main order_status_g1");
        await Should.ThrowAsync<PostgresException>(() => generation.WriteAsync(async transaction => await transaction.ExecuteAsync("DELETE FROM greeting"), Token));
        await Should.ThrowAsync<ArgumentException>(() => store.OpenGenerationAsync("bad\"name", [], Token));
    }

    [Fact]
    public async Task A_server_that_comes_up_later_is_waited_for()
    {
        await using var proxy = new CuttingProxy(ConnectionString) { Refusing = true };
        var store = Create(proxy.ConnectionString);
        var opening = store.OpenAsync(Token);
        await Should.ThrowAsync<Exception>(async () =>
        {
            await using var connection = new NpgsqlConnection(proxy.ConnectionString);
            await connection.OpenAsync(Token);
        });
        opening.IsCompleted.ShouldBeFalse();
        proxy.Refusing = false;
        await opening;
    }

    [Fact]
    public async Task Waiting_for_a_server_ends_when_it_is_cancelled()
    {
        await using var proxy = new CuttingProxy(ConnectionString) { Refusing = true };
        var store = Create(proxy.ConnectionString);
        using var cancel = new CancellationTokenSource();
        var opening = store.OpenAsync(cancel.Token);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => opening);
    }

    [Fact]
    public async Task A_wrong_password_is_told_without_any()
    {
        var settings = new NpgsqlConnectionStringBuilder(ConnectionString) { Password = "s3cret-and-wrong" };
        var store = Create(settings.ConnectionString);
        var refused = await Should.ThrowAsync<PostgresException>(() => store.OpenAsync(Token));
        refused.SqlState.ShouldBe(PostgresErrorCodes.InvalidPassword);
        refused.ToString().ShouldNotContain("s3cret");
    }

    [Theory]
    [InlineData("Host=localhost;Database=x;Password=one;two-is-s3cret")]
    [InlineData("Host=localhost;Port=s3cret;Database=x")]
    [InlineData("Host=localhost;Username=x;Password=s3cret")]
    [InlineData("Password=s3cret;Database=x")]
    public void A_connection_string_that_can_not_be_used_is_refused_by_its_name(string given)
    {
        var refused = Should.Throw<InvalidOperationException>(() => Build(given));
        refused.Message.ShouldStartWith("ConnectionStrings:bank-db can't be used");
        refused.ToString().ShouldNotContain("s3cret");
    }

    [Fact]
    public async Task The_connection_string_chooses_the_store()
    {
        using (var host = Build(ConnectionString))
        {
            var store = host.Services.GetRequiredService<IServiceStore>().ShouldBeOfType<PostgresServiceStore>();
            store.Kind.ShouldBe("postgres");
            await store.OpenAsync(Token);
            await GreetAsync(store, "1");
            await store.DisposeAsync();
        }

        using var directory = new TemporaryDirectory();
        using var without = Build(null, directory.Path);
        without.Services.GetRequiredService<IServiceStore>().ShouldBeOfType<SqliteServiceStore>().ShouldBeAssignableTo<IServiceStore>()!.Kind.ShouldBe("sqlite");
    }

    [Fact]
    public void A_schema_that_is_written_for_another_kind_only_is_refused_by_its_name() =>
        Should.Throw<MigrationException>(() => EmbeddedMigrations.Of(typeof(SqlExtensions).Assembly, "embedded-log", "postgres")).Message.ShouldContain("0001_….postgres.sql");

    private static IHost Build(string? connectionString, string? directory = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["ConnectionStrings:bank-db"] = connectionString, ["FLOW_DATA"] = directory });
        builder.AddFlow("bank", flow => flow.UseStore().Publishes<AccountsEvent>("accounts"));
        return builder.Build();
    }
}
