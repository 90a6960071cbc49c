using Dapper;
using FlowPlatform.Log;
using FlowPlatform.Storage.EmbeddedLog;
using FlowPlatform.Tests.Runtime;
using FlowPlatform.Tests.Support;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Tests.EmbeddedLog;

/// <summary>What is the embedded log's own: damage, locks, clocks, files.</summary>
public sealed class EmbeddedEventLogTests : IAsyncLifetime
{
    private static readonly PartitionId Partition = new("accounts", 0);
    private readonly TemporaryDirectory directory = new();
    private readonly ShiftedClock clock = new();
    private readonly EmbeddedEventLog log;

    public EmbeddedEventLogTests() => log = new EmbeddedEventLog(directory.Path, clock, new EmbeddedEventLogOptions { LockTimeout = TimeSpan.FromMilliseconds(200), MaxBatchEvents = 10 });

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string File => Path.Combine(directory.Path, "accounts.stream.db");

    public async ValueTask InitializeAsync() => await log.EnsureStreamAsync(new StreamDefinition(Partition.Stream, 2), Token);

    public async ValueTask DisposeAsync()
    {
        await log.DisposeAsync();
        directory.Dispose();
    }

    [Theory]
    [InlineData("UPDATE chunk SET data = CAST(substr(data, 1, 20) || X'7f' || substr(data, 22) AS BLOB) WHERE last_offset = 19")]
    [InlineData("UPDATE chunk SET data = substr(data, 1, length(data) - 1) WHERE last_offset = 19")]
    [InlineData("UPDATE chunk SET data = (SELECT data FROM chunk WHERE last_offset = 9), crc = (SELECT crc FROM chunk WHERE last_offset = 9) WHERE last_offset = 19")]
    [InlineData("UPDATE chunk SET records = 9 WHERE last_offset = 19")]
    [InlineData("UPDATE chunk SET stored_at = stored_at + 1 WHERE last_offset = 19")]
    public async Task A_damaged_batch_stops_the_reader_where_it_is(string damage)
    {
        await AppendAsync(30);
        await ExecuteAsync(damage);
        await using var reader = await log.OpenReaderAsync(Partition, LogPosition.First, Token);
        using var sound = await reader.ReadAsync(Token);
        sound.Records.Count.ShouldBe(10);
        for (var tries = 0; tries < 2; tries++)
        {
            var error = await Should.ThrowAsync<LogCorruptException>(() => reader.ReadAsync(Token).AsTask());
            error.Partition.ShouldBe(Partition);
            error.Offset.ShouldBeInRange(10, 11);
        }

        await Should.ThrowAsync<LogCorruptException>(() => log.ReadAtAsync(Partition, 15, Token));
        (await log.ReadAtAsync(Partition, 20, Token))!.Value.Event.Sequence.ShouldBe(21);
    }

    [Fact]
    public async Task A_file_that_is_no_log_is_said_to_be_none()
    {
        await System.IO.File.WriteAllTextAsync(Path.Combine(directory.Path, "text.stream.db"), new string('x', 10_000), Token);
        await Should.ThrowAsync<LogCorruptException>(() => log.GetPartitionCountAsync("text", Token));
        await ExecuteAsync("CREATE TABLE other (id INTEGER)", "other");
        (await Should.ThrowAsync<LogCorruptException>(() => log.GetPartitionCountAsync("other", Token))).Message.ShouldContain("format 0");
    }

    [Fact]
    public async Task A_file_that_is_still_empty_is_no_stream_yet_and_becomes_one()
    {
        await System.IO.File.WriteAllBytesAsync(Path.Combine(directory.Path, "empty.stream.db"), [], Token);
        await Should.ThrowAsync<StreamNotFoundException>(() => log.GetPartitionCountAsync("empty", Token));
        await log.EnsureStreamAsync(new StreamDefinition("empty", 3), Token);
        (await log.GetPartitionCountAsync("empty", Token)).ShouldBe(3);
    }

    [Fact]
    public async Task A_file_that_others_hold_too_long_ends_the_writer_and_nothing_is_stored()
    {
        await using var writer = await log.OpenWriterAsync(Partition, "tests/1", Token);
        await using var holder = await OpenAsync(File);
        await holder.ExecuteAsync("BEGIN IMMEDIATE");
        var first = writer.AppendAsync([Event(1)], Token);
        var second = writer.AppendAsync([Event(2)], Token);
        (await Should.ThrowAsync<EventLogUnavailableException>(() => first)).Message.ShouldContain("0.2 s");
        await Should.ThrowAsync<EventLogUnavailableException>(() => second);
        await writer.Closed.WaitAsync(Token);
        await holder.ExecuteAsync("ROLLBACK");

        await Should.ThrowAsync<EventLogUnavailableException>(() => writer.AppendAsync([Event(3)], Token), "it would be stored before 1 and 2");
        (await log.ReadLastAsync(Partition, Token)).ShouldBeNull();
        await AppendAsync(3);
        (await log.ReadLastAsync(Partition, Token))!.Value.Event.Sequence.ShouldBe(3);
    }

    [Fact]
    public async Task A_writer_whose_confirmed_tail_was_cut_out_of_the_file_appends_nothing_more()
    {
        await using var writer = await log.OpenWriterAsync(Partition, "tests/1", Token);
        await writer.AppendAsync([Event(1)], Token);
        await writer.AppendAsync([Event(2)], Token);
        await ExecuteAsync("DELETE FROM chunk WHERE last_offset = 1; UPDATE partition SET next_offset = 1; UPDATE producer SET sequence = 1, last_offset = 0");

        (await Should.ThrowAsync<EventLogUnavailableException>(() => writer.AppendAsync([Event(3)], Token))).Message.ShouldContain("tail was cut");

        await writer.Closed.WaitAsync(Token);
        (await log.ReadLastAsync(Partition, Token))!.Value.Event.Sequence.ShouldBe(1);
    }

    [Fact]
    public async Task A_file_that_is_held_for_a_moment_is_waited_for()
    {
        await using var patient = new EmbeddedEventLog(directory.Path, clock);
        await using var writer = await patient.OpenWriterAsync(Partition, "tests/1", Token);
        await using var holder = await OpenAsync(File);
        await holder.ExecuteAsync("BEGIN IMMEDIATE");
        var appending = writer.AppendAsync([Event(1)], Token);
        (await log.ReadLastAsync(Partition, Token)).ShouldBeNull("readers are not held up");
        await holder.ExecuteAsync("COMMIT");
        await appending;
        (await log.ReadLastAsync(Partition, Token))!.Value.Event.Sequence.ShouldBe(1);
    }

    [Theory]
    [InlineData(5)] // busy
    [InlineData(10)] // I/O
    [InlineData(13)] // full
    [InlineData(14)] // can't open
    public void What_passes_or_can_be_helped_is_unavailable(int code) =>
        EmbeddedErrors.Translate(new SqliteException("reason", code), Partition).ShouldBeOfType<EventLogUnavailableException>().Message.ShouldContain("reason");

    [Theory]
    [InlineData(11)]
    [InlineData(26)]
    public void Damage_is_for_good(int code) => EmbeddedErrors.Translate(new SqliteException("reason", code), Partition, 7).ShouldBeOfType<LogCorruptException>().Offset.ShouldBe(7);

    [Fact]
    public async Task Age_removes_whole_batches_but_never_the_last()
    {
        var kept = new PartitionId("kept", 0);
        await log.EnsureStreamAsync(new StreamDefinition("kept", 1) { MaxAge = TimeSpan.FromHours(1) }, Token);
        await AppendAsync(10, kept);
        clock.Shift = TimeSpan.FromMinutes(50);
        await AppendAsync(20, kept);
        (await log.ReadFirstAsync(kept, Token))!.Value.Offset.ShouldBe(0);
        clock.Shift = TimeSpan.FromMinutes(70);
        await AppendAsync(30, kept);
        (await log.ReadFirstAsync(kept, Token))!.Value.Offset.ShouldBe(10);
        clock.Shift = TimeSpan.FromDays(3);
        await AppendAsync(31, kept);
        (await log.ReadFirstAsync(kept, Token))!.Value.Offset.ShouldBe(30);
        (await log.ReadLastOfAsync(kept, "tests/1", Token))!.Value.Event.Sequence.ShouldBe(31);
    }

    [Fact]
    public async Task Time_never_goes_back_along_a_partition()
    {
        clock.Shift = TimeSpan.FromHours(1);
        await AppendAsync(1);
        clock.Shift = TimeSpan.Zero;
        await AppendAsync(2);
        (await log.ReadAtAsync(Partition, 1, Token))!.Value.Timestamp.ShouldBe((await log.ReadAtAsync(Partition, 0, Token))!.Value.Timestamp);
    }

    [Fact]
    public async Task A_producer_whose_last_event_retention_removed_has_none()
    {
        var kept = new PartitionId("kept", 0);
        await log.EnsureStreamAsync(new StreamDefinition("kept", 1) { MaxBytes = 1 }, Token);
        await AppendAsync(1, kept);
        await using var other = await log.OpenWriterAsync(kept, "tests/2", Token);
        await other.AppendAsync([Event(1, "tests/2")], Token);
        (await log.ReadLastOfAsync(kept, "tests/1", Token)).ShouldBeNull();
    }

    [Theory]
    [InlineData("../accounts")]
    [InlineData("/accounts")]
    [InlineData("Accounts")]
    [InlineData("")]
    public async Task A_name_that_is_none_is_no_path(string name)
    {
        await Should.ThrowAsync<StreamNotFoundException>(() => log.GetPartitionCountAsync(name, Token));
        await Should.ThrowAsync<ArgumentException>(() => log.DeleteStreamAsync(name, Token));
    }

    [Fact]
    public async Task A_partition_that_the_stream_has_not_is_not_found()
    {
        await Should.ThrowAsync<StreamNotFoundException>(() => log.ReadLastAsync(Partition with { Index = 2 }, Token));
        await Should.ThrowAsync<StreamNotFoundException>(() => log.OpenReaderAsync(Partition with { Index = -1 }, LogPosition.First, Token));
    }

    [Fact]
    public async Task A_disposed_reader_ends_its_read()
    {
        var reader = await log.OpenReaderAsync(Partition, LogPosition.First, Token);
        var waiting = reader.ReadAsync(Token).AsTask();
        await reader.DisposeAsync();
        await Should.ThrowAsync<EventLogUnavailableException>(() => waiting);
        await Should.ThrowAsync<EventLogUnavailableException>(() => reader.ReadAsync(Token).AsTask());
    }

    [Fact]
    public async Task A_closed_log_leaves_one_file_and_ends_what_was_open()
    {
        await AppendAsync(5);
        var reader = await log.OpenReaderAsync(Partition, LogPosition.Next, Token);
        var waiting = reader.ReadAsync(Token).AsTask();
        await log.DisposeAsync();
        await Should.ThrowAsync<EventLogUnavailableException>(() => waiting);
        Directory.GetFiles(directory.Path).ShouldBe([File]);
    }

    private static EventEnvelope Event(long sequence, string producer = "tests/1") => new()
    {
        Id = $"{producer}#{sequence}",
        Type = "accounts.paid-in.v1",
        Source = "tests",
        Key = "key",
        Time = DateTimeOffset.UnixEpoch,
        CommittedAt = DateTimeOffset.UnixEpoch,
        Producer = producer,
        Sequence = sequence,
        Data = "{}"u8.ToArray(),
    };

    /// <summary>Appends events 1 to so many, of which the log drops what it has.</summary>
    private async Task AppendAsync(int upTo, PartitionId? partition = null)
    {
        await using var writer = await log.OpenWriterAsync(partition ?? Partition, "tests/1", Token);
        await writer.AppendAsync([.. Enumerable.Range(1, upTo).Select(sequence => Event(sequence))], Token);
    }

    private async Task ExecuteAsync(string sql, string stream = "accounts")
    {
        await using var connection = await OpenAsync(Path.Combine(directory.Path, $"{stream}.stream.db"));
        await connection.ExecuteAsync(sql);
    }

    private static async Task<SqliteConnection> OpenAsync(string file)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        await connection.OpenAsync(Token);
        return connection;
    }
}
