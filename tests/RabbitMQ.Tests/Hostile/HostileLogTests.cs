using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.StreamProtocol;
using FlowPlatform.RabbitMQ.Tests.StreamProtocol;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.RabbitMQ.Tests.Hostile;

/// <summary>What the log makes of a broker that doesn't do what it should. Time is the test's own.</summary>
public sealed class HostileLogTests : IAsyncLifetime
{
    private static readonly PartitionId Partition = new("orders", 0);
    private readonly ManualTime time = new();
    private readonly FakeNode node = new(Partition);
    private RabbitMqEventLog log = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        log = new RabbitMqEventLog(node.Options(), time);
        return ValueTask.CompletedTask;
    }

    /// <summary>The client has nothing open any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await time.PassUntilAsync(log.DisposeAsync().AsTask());
        await Eventually.ThatAsync("every connection is closed by the client", () => node.Connections.All(connection => connection.Ended.IsCompleted));
        await node.DisposeAsync();
    }

    [Fact]
    public async Task A_confirmation_of_what_was_never_sent_ends_the_writer()
    {
        node.Script = OnPublish((connection, ids) => connection.SendAsync(Bytes.Frame(3).U8(0).U32(1).U64(ids[^1] + 1)));
        await using var writer = await log.OpenWriterAsync(Partition, "tests/1", Token);
        (await Should.ThrowAsync<EventLogUnavailableException>(() => time.PassUntilAsync(writer.AppendAsync([Sample.Event(1), Sample.Event(2)], Token)))).Message.ShouldContain("confirmed sequence 3 of tests/1, which was never sent");
        await writer.Closed.WaitAsync(TimeSpan.FromSeconds(30), Token);
    }

    [Fact]
    public async Task Confirmations_that_come_twice_count_once()
    {
        node.Script = OnPublish(async (connection, ids) =>
        {
            foreach (var id in ids.Take(ids.Count - 1).Concat(ids))
            {
                await connection.SendAsync(Bytes.Frame(3).U8(0).U32(2).U64(id).U64(id));
            }
        });
        await using var writer = await log.OpenWriterAsync(Partition, "tests/1", Token);
        await writer.AppendAsync([Sample.Event(1), Sample.Event(2), Sample.Event(3)], Token);
        await writer.AppendAsync([Sample.Event(4)], Token);
    }

    [Fact]
    public async Task Confirmations_that_come_twice_do_not_stand_in_for_one_that_is_missing()
    {
        node.Script = OnPublish((connection, _) => connection.SendAsync(Bytes.Frame(3).U8(0).U32(2).U64(1).U64(1)));
        await using var writer = await log.OpenWriterAsync(Partition, "tests/1", Token);
        var appending = writer.AppendAsync([Sample.Event(1), Sample.Event(2)], Token);
        (await Should.ThrowAsync<EventLogUnavailableException>(() => time.PassUntilAsync(appending))).Message.ShouldContain(Partition.Name);
    }

    [Fact]
    public async Task A_publisher_that_is_refused_ends_and_names_the_refusal()
    {
        node.Script = OnPublish((connection, ids) => connection.SendAsync(Bytes.Frame(4).U8(0).U32(1).U64(ids[0]).U16(16)));
        await using var writer = await log.OpenWriterAsync(Partition, "tests/1", Token);
        (await Should.ThrowAsync<EventLogUnavailableException>(() => time.PassUntilAsync(writer.AppendAsync([Sample.Event(1)], Token)))).Message.ShouldContain("AccessRefused (16)");
        (await Should.ThrowAsync<EventLogUnavailableException>(() => writer.AppendAsync([Sample.Event(2)], Token))).Message.ShouldContain("AccessRefused");
    }

    [Fact]
    public async Task Nothing_confirmed_ends_the_writer_in_time_though_heartbeats_come()
    {
        node.Script = OnPublish(async (connection, _) =>
        {
            while (!connection.Ended.IsCompleted)
            {
                await connection.SendAsync(Bytes.Frame(0x17));
                await Task.WhenAny(time.PassesAsync(TimeSpan.FromSeconds(5), Token), writerClosed.Task);
                if (writerClosed.Task.IsCompleted)
                {
                    return;
                }
            }
        });
        await using var writer = await log.OpenWriterAsync(Partition, "tests/1", Token);
        _ = writer.Closed.ContinueWith(_ => writerClosed.TrySetResult(), Token, TaskContinuationOptions.None, TaskScheduler.Default);
        var appending = writer.AppendAsync([Sample.Event(1)], Token);
        (await Should.ThrowAsync<EventLogUnavailableException>(() => time.PassUntilAsync(appending))).Message.ShouldContain("nothing was confirmed within 30 s");
    }

    private readonly TaskCompletionSource writerClosed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task A_reader_whose_credit_is_never_honoured_notices_and_ends()
    {
        await node.AppendAsync(Sample.Event(1));
        node.Script = (connection, command, frame) => Task.FromResult(command == StreamCommand.Credit && IsReader(connection));
        await using var reader = await log.OpenReaderAsync(Partition, LogPosition.First, Token);
        using (var first = await reader.ReadAsync(Token))
        {
            first.Records.ShouldHaveSingleItem().Offset.ShouldBe(0);
        }

        await node.AppendAsync(Sample.Event(2));
        var reading = reader.ReadAsync(Token).AsTask();
        (await Should.ThrowAsync<EventLogUnavailableException>(() => PassAsync(reading))).Message.ShouldContain("has offset 1 and sends nothing from 1 on");
        await Should.ThrowAsync<EventLogUnavailableException>(async () => await reader.ReadAsync(Token));
    }

    [Fact]
    public async Task A_reader_whose_user_is_busy_is_not_given_up_before_he_is_done()
    {
        await node.AppendAsync(Sample.Event(1));
        node.Script = (connection, command, frame) => Task.FromResult(command == StreamCommand.Credit && IsReader(connection));
        await using var reader = await log.OpenReaderAsync(Partition, LogPosition.First, Token);
        var busyWith = await reader.ReadAsync(Token);
        await node.AppendAsync(Sample.Event(2));
        var reading = reader.ReadAsync(Token).AsTask();
        var late = time.GetUtcNow() + TimeSpan.FromMinutes(5);
        await PassAsync(Eventually.ThatAsync("five minutes have passed", () => time.GetUtcNow() >= late));
        reading.IsCompleted.ShouldBeFalse();
        busyWith.Dispose();
        (await Should.ThrowAsync<EventLogUnavailableException>(() => PassAsync(reading))).Message.ShouldContain("sends nothing from 1 on");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_quiet_stream_is_no_stall(bool next)
    {
        await node.AppendAsync(Sample.Event(1));
        var looks = 0;
        node.Script = (connection, command, _) =>
        {
            looks += command == StreamCommand.Subscribe && !IsReader(connection) ? 1 : 0;
            return Task.FromResult(false);
        };
        await using var reader = await log.OpenReaderAsync(Partition, next ? LogPosition.Next : LogPosition.At(1), Token);
        var reading = reader.ReadAsync(Token).AsTask();
        await PassAsync(Eventually.ThatAsync("it has looked often", () => looks >= 5));
        reading.IsCompleted.ShouldBeFalse();
        await node.AppendAsync(Sample.Event(2));
        using var batch = await reading;
        batch.Records.ShouldHaveSingleItem().Offset.ShouldBe(1);
    }

    [Fact]
    public async Task Behind_a_load_balancer_only_the_wanted_node_is_kept()
    {
        var wanted = new StreamEndpoint("node-b", 5552);
        await using var balanced = new FakeNode(Partition) { Leader = wanted, Advertised = index => new StreamEndpoint(index % 3 == 2 ? "node-b" : "node-a", 5552) };
        var options = balanced.Options();
        options.StreamUri = new Uri($"{options.StreamUri}?load_balancer=true");
        await using var other = new RabbitMqEventLog(options, TimeProvider.System);
        await using (var writer = await other.OpenWriterAsync(Partition, "tests/1", Token))
        {
            await writer.AppendAsync([Sample.Event(1)], Token);
            balanced.Connections.Where(connection => connection.Name.Contains("publish", StringComparison.Ordinal) && !connection.Ended.IsCompleted)
                .ShouldHaveSingleItem().Advertised.ShouldBe(wanted);
        }

        balanced.Connections.Count.ShouldBeGreaterThan(2);
    }

    [Fact]
    public async Task A_leader_that_no_balancer_leads_to_is_told()
    {
        await using var balanced = new FakeNode(Partition) { Leader = new StreamEndpoint("node-b", 5552), Advertised = _ => new StreamEndpoint("node-a", 5552) };
        var options = balanced.Options();
        options.AddressResolver = _ => balanced.Endpoint;
        options.ResolveTimeout = TimeSpan.FromMilliseconds(1);
        await using var other = new RabbitMqEventLog(options, TimeProvider.System);
        (await Should.ThrowAsync<EventLogUnavailableException>(() => other.OpenWriterAsync(Partition, "tests/1", Token))).Message.ShouldContain("node-b:5552 was not reached");
    }

    [Fact]
    public async Task A_new_leader_that_delivers_nothing_until_a_replica_has_come_is_not_taken_for_an_empty_log()
    {
        var looks = 0;
        node.Script = (_, command, _) =>
        {
            // Once for the last chunk, once for the first.
            looks += command == StreamCommand.Subscribe ? 1 : 0;
            return Task.FromResult(false);
        };
        await using var replicated = new RabbitMqEventLog(Replicated(), time);
        var last = replicated.ReadLastOfAsync(Partition, "tests/1", Token);
        await Eventually.ThatAsync("it has looked at both ends", () => looks == 2);
        last.IsCompleted.ShouldBeFalse();
        await node.AppendAsync(Sample.Event(1));
        (await last).ShouldNotBeNull().Event.Sequence.ShouldBe(1);
    }

    [Fact]
    public async Task A_replicated_stream_is_empty_when_nothing_has_come_for_as_long_as_replicas_need()
    {
        await using var replicated = new RabbitMqEventLog(Replicated(), time);
        var started = time.GetUtcNow();
        var last = replicated.ReadLastAsync(Partition, Token);
        await PassAsync(last);
        (await last).ShouldBeNull();
        (time.GetUtcNow() - started).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(5));

        // The leader is known by now: nothing is waited for again.
        (await replicated.ReadLastAsync(Partition, Token)).ShouldBeNull();
    }

    private RabbitMqEventLogOptions Replicated()
    {
        var options = node.Options();
        options.Nodes = 3;
        return options;
    }

    private static bool IsReader(FakeConnection connection) => connection.Name.Contains("read", StringComparison.Ordinal);

    private static Func<FakeConnection, StreamCommand, byte[], Task<bool>> OnPublish(Func<FakeConnection, List<long>, Task> answer) => async (connection, command, frame) =>
    {
        if (command != StreamCommand.Publish)
        {
            return false;
        }

        await answer(connection, FakeConnection.PublishedIds(frame));
        return true;
    };

    /// <summary>Time passes, and the node sends heartbeats: it is alive, whatever else it does.</summary>
    private async Task PassAsync(Task happening)
    {
        using var stop = new CancellationTokenSource();
        var beating = BeatAsync();
        try
        {
            // The reader must see heartbeats in time: at 500 ms a step it had a quarter of a second for that, which a busy machine does not always give.
            await time.PassUntilAsync(happening, TimeSpan.FromMilliseconds(100));
        }
        finally
        {
            await stop.CancelAsync();
            await beating;
        }

        async Task BeatAsync()
        {
            while (!stop.IsCancellationRequested)
            {
                await Task.WhenAll(node.Connections.Where(connection => !connection.Ended.IsCompleted).Select(connection => connection.SendAsync(Bytes.Frame(0x17))));
                await time.PassesAsync(TimeSpan.FromSeconds(5), stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
