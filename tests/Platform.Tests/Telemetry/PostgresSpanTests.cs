using System.Diagnostics;
using FlowPlatform.Storage;
using FlowPlatform.Storage.Postgres;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Storage.Postgres;

namespace FlowPlatform.Tests.Telemetry;

/// <summary>Spans of units of work on Postgres.</summary>
[Collection(nameof(Listening))]
public sealed class PostgresSpanTests(PostgresFixture postgres)
{
    [Fact]
    public async Task A_unit_is_one_span_below_its_caller_and_tells_no_statement()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var database = await postgres.CreateDatabaseAsync();
        await using var store = new PostgresServiceStore(database.ConnectionString, typeof(PostgresSpanTests).Assembly, new PublishedStreams("bank"), TimeProvider.System);
        await store.OpenAsync(cancel);
        using var spans = new SpanRecorder();
        using var source = new ActivitySource("FlowPlatform.Tests");
        using (var caller = source.StartActivity("caller"))
        {
            await store.WriteAsync(async transaction => await transaction.ExecuteAsync("INSERT INTO greeting (id, text) VALUES ('1', 'secret')"), cancel);
            await Should.ThrowAsync<Exception>(() => store.WriteAsync(async transaction => await transaction.ExecuteAsync("INSERT INTO greeting (id, text) VALUES ('1', 'secret')"), cancel));
            var commits = spans.Named($"COMMIT {database.Name}|main");
            commits.Count.ShouldBe(2);
            commits.ShouldAllBe(span => span.ParentSpanId == caller!.SpanId);
            commits[0].GetTagItem("db.system.name").ShouldBe("postgresql");
            commits.Select(span => span.Status).ShouldBe([ActivityStatusCode.Unset, ActivityStatusCode.Error]);
            commits.SelectMany(span => span.TagObjects).ShouldAllBe(tag => !$"{tag.Value}".Contains("secret") && !$"{tag.Value}".Contains("INSERT"));
        }
    }
}
