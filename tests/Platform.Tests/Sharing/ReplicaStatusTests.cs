using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Tests.Runtime;
using FlowPlatform.Tests.Storage.Postgres;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.Tests.Sharing;

/// <summary>What a replica tells of the others.</summary>
public sealed class ReplicaStatusTests(PostgresFixture postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_is_in_the_database_is_told_though_the_logs_ends_are_not_known_in_time()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        using var directory = new TemporaryDirectory();
        await using var memory = new MemoryEventLog();
        var log = new LogWithoutAnswers(memory);
        await using var first = await BankHost.StartAsync(log, directory.Path, database: database.ConnectionString);
        await using var second = await BankHost.StartAsync(log, directory.Path, database: database.ConnectionString, wrap: store => new PunctualStore(store));
        await Eventually.ThatAsync("both own partitions", () => TotalsAsync(second), rows => rows.Count == 3 && rows.Select(row => row.Owner).Distinct().Count(owner => owner.Length > 0) == 2);

        log.IsSilent = true;

        var told = await Eventually.ThatAsync("the ends are not known any more", () => TotalsAsync(second), rows => rows.TrueForAll(row => row.Lag is null));
        told.Select(row => row.Partition).ShouldBe([0, 1, 2]);
        told.Select(row => row.Owner).Distinct().Count().ShouldBe(2);
        told.ShouldAllBe(row => row.Epoch > 0);
    }

    private static async Task<List<ConsumerPartitionStatus>> TotalsAsync(BankHost replica) =>
        [.. (await replica.Monitor.GetStatusAsync(Token)).Consumers.Where(row => row.Consumer == "totals")];

    /// <summary>A log that, from some time on, is asked for its end in vain.</summary>
    private sealed class LogWithoutAnswers(IEventLog log) : IEventLog
    {
        public bool IsSilent { get; set; }

        public Task EnsureStreamAsync(StreamDefinition definition, CancellationToken cancellationToken) => log.EnsureStreamAsync(definition, cancellationToken);

        public Task<int> GetPartitionCountAsync(string stream, CancellationToken cancellationToken) => log.GetPartitionCountAsync(stream, cancellationToken);

        public Task<IPartitionWriter> OpenWriterAsync(PartitionId partition, string producer, CancellationToken cancellationToken) => log.OpenWriterAsync(partition, producer, cancellationToken);

        public Task<IPartitionReader> OpenReaderAsync(PartitionId partition, LogPosition from, CancellationToken cancellationToken) => log.OpenReaderAsync(partition, from, cancellationToken);

        public Task<LogRecord?> ReadFirstAsync(PartitionId partition, CancellationToken cancellationToken) => log.ReadFirstAsync(partition, cancellationToken);

        public Task<LogRecord?> ReadLastAsync(PartitionId partition, CancellationToken cancellationToken) =>
            IsSilent ? new TaskCompletionSource<LogRecord?>().Task.WaitAsync(cancellationToken) : log.ReadLastAsync(partition, cancellationToken);

        public Task<LogRecord?> ReadLastOfAsync(PartitionId partition, string producer, CancellationToken cancellationToken) => log.ReadLastOfAsync(partition, producer, cancellationToken);

        public Task<LogRecord?> ReadAtAsync(PartitionId partition, long offset, CancellationToken cancellationToken) => log.ReadAtAsync(partition, offset, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
