using FlowPlatform.Orchestration.Postgres;

namespace FlowPlatform.Orchestration.Tests.Postgres;

public sealed class SharedTestPostgresTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_starts_the_server_the_second_joins_and_the_owner_leaves_last()
    {
        using var temporary = new TemporaryFolder();
        var folder = temporary.File("shared");
        var first = await SharedTestPostgres.AcquireAsync(folder, Token);
        var second = await SharedTestPostgres.AcquireAsync(folder, Token);
        second.ConnectionString.ShouldBe(first.ConnectionString);
        (first.IsOwner, second.IsOwner).ShouldBe((true, false));

        var leaving = first.DisposeAsync().AsTask();
        string name;
        await using (var database = await second.CreateDatabaseAsync(Token))
        {
            name = database.Name;
            (await Sql.ScalarAsync(database.ConnectionString, "SELECT current_user || ' ' || current_database()")).ShouldBe($"{name} {name}");
        }
        (await Sql.ScalarAsync(second.ConnectionString, $"SELECT count(*) FROM pg_roles WHERE rolname = '{name}'")).ShouldBe(0L);
        leaving.IsCompleted.ShouldBeFalse("the server lives while anyone holds a lease");

        await second.DisposeAsync();
        await leaving.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, Token);
        Directory.GetDirectories(folder, "data-*").ShouldBeEmpty();
        File.Exists(Path.Combine(folder, "postgres.json")).ShouldBeFalse();
    }
}
