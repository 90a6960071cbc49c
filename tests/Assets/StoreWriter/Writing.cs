using FlowPlatform.Events;
using FlowPlatform.Log;
using FlowPlatform.Storage;
using FlowPlatform.Storage.Postgres;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;

namespace FlowPlatform.Tests.StoreWriting;

[Event("writes.written.v1", Key = nameof(Writer))]
internal sealed record Written(string Writer, long Number);

/// <summary>What a process writes, and the tests that look at it afterwards know.</summary>
internal static class Writing
{
    public static PublishedStreams Streams()
    {
        var published = new PublishedStreams("writes");
        published.Add(typeof(Written), new StreamDefinition("writes", 3));
        return published;
    }

    /// <summary>Opens the store that the environment names: STORE_DIRECTORY (SQLite) or STORE_POSTGRES (a connection string).</summary>
    public static IServiceStore Create(IReadOnlyDictionary<string, string> environment) => environment.TryGetValue("STORE_POSTGRES", out var database)
        ? new PostgresServiceStore(database, typeof(Writing).Assembly, Streams(), TimeProvider.System)
        : new SqliteServiceStore(environment["STORE_DIRECTORY"], typeof(Writing).Assembly, Streams(), TimeProvider.System);

    /// <summary>One unit: a row, an event, and a counter that is read and written: two that overlap would lose a count. With <paramref name="keyed"/> it locks only its counter.</summary>
    public static Task<long> WriteAsync(IServiceStore store, string writer, long number, bool keyed, CancellationToken cancellationToken)
    {
        var name = keyed ? $"counter {number % 5}" : "all";
        return keyed ? store.WriteAsync([name], Unit, cancellationToken) : store.WriteAsync(Unit, cancellationToken);

        async ValueTask<long> Unit(StoreTransaction transaction)
        {
            var value = await transaction.QuerySingleOrDefaultAsync<long?>("SELECT value FROM counter WHERE name = @name", new { name }) ?? 0;
            var id = transaction.Emit(new Written(writer, number), DateTimeOffset.UnixEpoch.AddSeconds(number));
            await transaction.ExecuteAsync("INSERT INTO written (event_id, writer, number) VALUES (@id, @writer, @number)", new { id, writer, number });
            await transaction.ExecuteAsync("INSERT INTO counter (name, value) VALUES (@name, @value) ON CONFLICT (name) DO UPDATE SET value = excluded.value", new { name, value = value + 1 });
            return value + 1;
        }
    }
}
