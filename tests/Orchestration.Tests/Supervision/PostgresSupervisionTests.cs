using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Tests.Postgres;
using Npgsql;

namespace FlowPlatform.Orchestration.Tests.Supervision;

public sealed class PostgresSupervisionTests(RunningPostgres running)
{
    [Fact]
    public async Task Each_service_gets_its_own_database_on_a_private_server_that_starts_again_on_its_port_when_killed()
    {
        await using var application = new FakeApplication();
        var server = application.Builder.AddPostgres("postgres", application.Builder.AddParameter("user", "flow"));
        var services = (IResourceBuilder<ProjectResource>[])[Add("one"), Add("two")];
        await application.StartAsync();
        await application.HealthyAsync("one");
        await application.HealthyAsync("two");

        var one = (await FakeApplication.VariablesAsync(services[0]))["ConnectionStrings__one-db"];
        var two = (await FakeApplication.VariablesAsync(services[1]))["ConnectionStrings__two-db"];
        await Sql.ExecuteAsync(one, "CREATE TABLE kept (value int)", "INSERT INTO kept VALUES (7)");
        foreach (var database in (string[])["flow_two", "postgres", "template1"])
        {
            (await Sql.RefusalAsync(Sql.With(one, settings => settings.Database = database))).ShouldBe(PostgresErrorCodes.InsufficientPrivilege, database);
        }
        (await Sql.RefusalAsync(Sql.With(two, settings => settings.Database = "flow_one"))).ShouldBe(PostgresErrorCodes.InsufficientPrivilege);

        var before = Server(application);
        Signals.Kill(before.ProcessId);
        await application.WaitAsync("postgres", change => change.Snapshot.State?.Text == KnownResourceStates.Starting);
        await application.HealthyAsync("postgres");
        Server(application).ShouldNotBe(before);
        (await Sql.ScalarAsync(one, "SELECT value FROM kept")).ShouldBe(7);
        application.Starts("one").Length.ShouldBe(1, "services reconnect, they are not started again");

        IResourceBuilder<ProjectResource> Add(string name)
        {
            var password = application.Builder.AddParameter($"{name}-password", new GenerateParameterDefault { Special = false }, secret: true, persist: true);
            var database = server.AddDatabase($"flow-{name}", $"flow_{name}").WithOwner(password);
            var endpoint = server.GetEndpoint("tcp");
            var connection = application.Builder.AddConnectionString($"{name}-db", ReferenceExpression.Create(
                $"Host={endpoint.Property(EndpointProperty.Host)};Port={endpoint.Property(EndpointProperty.Port)};Username=flow_{name};Password={password};Database=flow_{name}"));
            return application.AddService(name).WithReference(connection).WaitFor(database);
        }
    }

    [Fact]
    public async Task A_given_server_that_refuses_us_is_told_without_the_password_and_no_service_starts()
    {
        var shared = await running.GetAsync();
        await using var application = new FakeApplication();
        application.Builder.Configuration["ConnectionStrings:postgres"] = Sql.With(shared.ConnectionString, settings => settings.Password = "wrong-one");
        var server = application.Builder.AddConnectionString("postgres");
        var password = application.Builder.AddParameter("password", new GenerateParameterDefault { Special = false }, secret: true, persist: true);
        var connection = application.Builder.AddConnectionString("service-db", ReferenceExpression.Create($"Host=127.0.0.1;Password={password}"))
            .WithServiceDatabase("flow_service", password, server);
        application.AddService("service").WithReference(connection).WaitFor(connection);
        await application.StartAsync();
        var reason = (await application.StateAsync("service-db", KnownResourceStates.FailedToStart)).Reason!;
        reason.ShouldContain("refuses the user 'flow'");
        reason.ShouldNotContain("wrong-one");
        (await application.StateAsync("service", KnownResourceStates.FailedToStart)).Reason!.ShouldContain("it needs service-db");
        application.Starts("service").ShouldBeEmpty();
    }

    private static ProcessIdentity Server(FakeApplication application) =>
        Directory.GetFiles(Path.Combine(application.Data, "postgres", "processes"))
            .Select(file => ProcessIdentity.Of(int.Parse(Path.GetFileNameWithoutExtension(file), System.Globalization.CultureInfo.InvariantCulture))!).Single();
}
