using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.StreamProtocol;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.RabbitMQ.Tests.StreamProtocol;

/// <summary>Stored offsets, super streams and statistics, with a real broker.</summary>
public sealed class LookupTests(BrokerFixture broker) : IAsyncLifetime
{
    private readonly StreamDefinition definition = new($"t{Guid.NewGuid():N}"[..20], 3);
    private RabbitMqEventLog log = null!;
    private StreamConnection connection = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Stream => $"{definition.Name}-0";

    public async ValueTask InitializeAsync()
    {
        log = broker.OpenLog();
        await log.EnsureStreamAsync(definition, Token);
        connection = await broker.ConnectAsync();
        await Eventually.ThatAsync("the stream has a leader", async () => (await connection.QueryMetadataAsync([Stream], Token))[0].Leader is not null);
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await log.DisposeAsync();
        await broker.DeleteAsync(definition);
    }

    [Fact]
    public async Task A_stored_offset_is_given_back_by_reference()
    {
        (await connection.QueryOffsetAsync("reader", Stream, Token)).ShouldBeNull();
        await connection.StoreOffsetAsync("reader", Stream, 41, Token);
        await Eventually.ThatAsync("it is stored", async () => await connection.QueryOffsetAsync("reader", Stream, Token) == 41);
        await connection.StoreOffsetAsync("reader", Stream, 7, Token);
        await Eventually.ThatAsync("the last one wins, though lower", async () => await connection.QueryOffsetAsync("reader", Stream, Token) == 7);
        (await connection.QueryOffsetAsync("another", Stream, Token)).ShouldBeNull();
        (await Should.ThrowAsync<StreamResponseException>(() => connection.QueryOffsetAsync("reader", "missing", Token))).Code.ShouldBe(StreamResponseCode.StreamDoesNotExist);
        await Should.ThrowAsync<ArgumentException>(() => connection.QueryOffsetAsync(new string('r', 256), Stream, Token));
        await Should.ThrowAsync<ArgumentException>(async () => await connection.StoreOffsetAsync("", Stream, 1, Token));
        await Should.ThrowAsync<ArgumentException>(async () => await connection.StoreOffsetAsync("reader", Stream, -1, Token));
    }

    [Fact]
    public async Task A_super_stream_tells_its_partitions_and_routes_by_binding()
    {
        (await connection.QueryPartitionsAsync(definition.Name, Token)).ShouldBe(definition.PartitionIds.Select(id => id.Name));
        (await connection.RouteAsync(definition.Name, "2", Token)).ShouldBe([$"{definition.Name}-2"]);
        (await connection.RouteAsync(definition.Name, "nowhere", Token)).ShouldBeEmpty();
        (await Should.ThrowAsync<StreamResponseException>(() => connection.QueryPartitionsAsync("missing", Token))).Code.ShouldBe(StreamResponseCode.StreamDoesNotExist);
    }

    [Fact]
    public async Task Statistics_are_told_where_the_broker_has_them()
    {
        if (connection.PeerVersion < new Version(3, 11))
        {
            connection.Supports(StreamCommand.StreamStats).ShouldBeFalse();
            (await Should.ThrowAsync<StreamNotSupportedException>(() => connection.QueryStatisticsAsync(Stream, Token))).Message.ShouldContain("StreamStats needs RabbitMQ 3.11; the broker is 3.1");
            (await connection.QueryMetadataAsync([Stream], Token)).ShouldHaveSingleItem("nothing was sent that would end the connection");
            return;
        }

        var empty = await connection.QueryStatisticsAsync(Stream, Token);
        (empty.FirstChunkId, empty.CommittedChunkId).ShouldBe((null, null));
        await AppendAsync(1, 2);
        var full = await connection.QueryStatisticsAsync(Stream, Token);
        full.FirstChunkId.ShouldBe(0);
        full.CommittedChunkId.ShouldNotBeNull().ShouldBeInRange(0, 1);
        (await Should.ThrowAsync<StreamResponseException>(() => connection.QueryStatisticsAsync("missing", Token))).Code.ShouldBe(StreamResponseCode.StreamDoesNotExist);
    }

    [Fact]
    public async Task A_subscription_may_start_at_a_time()
    {
        await AppendAsync(1);
        var first = (await log.ReadLastAsync(new PartitionId(definition.Name, 0), Token))!.Value.Timestamp;
        await Eventually.ThatAsync("the broker's clock has moved on", () => TimeProvider.System.GetUtcNow() > first.AddMilliseconds(20));
        await AppendAsync(2);
        await using var reading = await broker.ConnectAsync();
        var chunks = new ChunkLog();
        await reading.SubscribeAsync(Stream, StreamOffset.Since(first.AddMilliseconds(1)), 10, chunks, Token);
        (await chunks.NextAsync()).ShouldHaveSingleItem().ShouldStartWith("1:");
    }

    [Fact]
    public async Task A_chunk_knows_how_far_the_stream_is_where_the_broker_tells()
    {
        await AppendAsync(1);
        var told = new TaskCompletionSource<long?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var reading = await broker.ConnectAsync();
        await reading.SubscribeAsync(Stream, StreamOffset.First, 1, new Committed(told), Token);
        (await told.Task.WaitAsync(TimeSpan.FromSeconds(30), Token)).ShouldBe(connection.PeerVersion < new Version(3, 11) ? null : 0);
    }

    private async Task AppendAsync(params long[] sequences)
    {
        await using var writer = await log.OpenWriterAsync(new PartitionId(definition.Name, 0), "tests/1", Token);
        await writer.AppendAsync([.. sequences.Select(sequence => Sample.Event(sequence))], Token);
    }

    private sealed class Committed(TaskCompletionSource<long?> told) : IChunkObserver
    {
        public void Delivered(StreamChunk chunk)
        {
            using (chunk)
            {
                told.TrySetResult(chunk.CommittedChunkId);
            }
        }

        public void Closed(Exception reason) => told.TrySetException(reason);
    }
}
