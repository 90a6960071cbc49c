using FlowPlatform.Storage;

namespace FlowPlatform.Tests.Storage;

public sealed class MigrationPairTests
{
    [Fact]
    public void Every_migration_of_the_stores_is_there_for_SQLite_and_for_Postgres()
    {
        var names = typeof(SqlExtensions).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith("Schema/flow-", StringComparison.Ordinal) && !name.StartsWith("Schema/flow-leases/", StringComparison.Ordinal)).ToList();
        Names(".postgres.sql").ShouldBe(Names(".sqlite.sql"));
        Names(".sqlite.sql").ShouldNotBeEmpty();

        List<string> Names(string suffix) => [.. names.Where(name => name.EndsWith(suffix, StringComparison.Ordinal)).Select(name => name[..^suffix.Length]).Order(StringComparer.Ordinal)];
    }
}
