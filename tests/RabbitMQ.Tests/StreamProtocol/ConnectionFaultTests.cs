using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ.Tests.StreamProtocol;

/// <summary>How a connection behaves against a broker that says what a real one doesn't.</summary>
public sealed class ConnectionFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_negotiation_is_byte_by_byte_as_specified()
    {
        await using var broker = new ScriptedBroker();
        var connection = await broker.ConnectAsync(heartbeat: 60);
        var frames = broker.Received.Select(frame => Convert.ToHexString(frame)).ToList();
        frames[0].ShouldStartWith("0011" + "0001" + "00000001" + "00000004");
        frames[1].ShouldBe("0012" + "0001" + "00000002");
        frames[2].ShouldBe("0013" + "0001" + "00000003" + "0005504C41494E" + "0000000F" + "00" + "75736572" + "00" + "7061737320776F7264");
        frames[3].ShouldBe("0014" + "0001" + "00020000" + "00000014");
        frames[4].ShouldBe("0015" + "0001" + "00000004" + "0002" + "2F76");
        (connection.FrameMax, connection.Heartbeat, connection.PeerVersion, connection.AdvertisedEndpoint)
            .ShouldBe((131_072, TimeSpan.FromSeconds(20), new Version(3, 10, 8), new StreamEndpoint("node", 5552)));
        await CloseAsync(broker, connection);
    }

    [Theory]
    [InlineData("3.11.0")]
    [InlineData("4.0.5")]
    public async Task Newer_brokers_are_told_our_versions(string version)
    {
        await using var broker = new ScriptedBroker();
        var connection = await broker.ConnectAsync(version: version);
        Convert.ToHexString(broker.Received[^1]).ShouldContain("0008" + "0001" + "0002", customMessage: "Deliver in versions 1 to 2");
        Convert.ToHexString(broker.Received[^1]).ShouldNotContain("001A" + "0001" + "0001", customMessage: "we are no single active consumer");
        (connection.Supports(StreamCommand.StreamStats), connection.Supports(StreamCommand.Route)).ShouldBe((true, false), "by the broker's own list");
        await CloseAsync(broker, connection);
    }

    [Fact]
    public async Task Commands_are_byte_by_byte_as_specified()
    {
        await using var broker = new ScriptedBroker();
        var connection = await broker.ConnectAsync();
        var declaring = connection.DeclarePublisherAsync("s", "ref", new PublishLog(), Token);
        await ExpectAsync(broker, StreamCommand.DeclarePublisher, "00" + "0003726566" + "000173");
        await declaring;
        foreach (var (from, bytes) in new[]
        {
            (StreamOffset.First, "0001"),
            (StreamOffset.Last, "0002"),
            (StreamOffset.Next, "0003"),
            (StreamOffset.At(258), "0004" + "0000000000000102"),
            (StreamOffset.Since(DateTimeOffset.FromUnixTimeMilliseconds(515)), "0005" + "0000000000000203"),
        })
        {
            var subscribing = connection.SubscribeAsync("s", from, 10, new ChunkLog(), Token);
            await ExpectAsync(broker, StreamCommand.Subscribe, "00" + "000173" + bytes + "0001");
            var subscription = await subscribing;
            Convert.ToHexString(await broker.ReceiveAsync(StreamCommand.Credit)).ShouldBe("0009" + "0001" + "00" + "0009");
            await subscription.CreditAsync(3, Token);
            Convert.ToHexString(await broker.ReceiveAsync(StreamCommand.Credit)).ShouldBe("0009" + "0001" + "00" + "0003");
            var unsubscribing = subscription.UnsubscribeAsync(Token);
            await ExpectAsync(broker, StreamCommand.Unsubscribe, "00");
            await unsubscribing;
        }

        var deleting = connection.DeleteStreamAsync("s", Token);
        await ExpectAsync(broker, StreamCommand.Delete, "000173");
        await deleting;
        await connection.StoreOffsetAsync("ref", "s", 258, Token);
        Convert.ToHexString(await broker.ReceiveAsync(StreamCommand.StoreOffset)).ShouldBe("000A" + "0001" + "0003726566" + "000173" + "0000000000000102");
        await CloseAsync(broker, connection);
    }

    [Theory]
    [InlineData(0x0018, 0x0019)]
    [InlineData(0x8018, 0x8019)]
    public async Task Routes_and_partitions_are_answered_with_or_without_the_bit_of_a_response(int route, int partitions)
    {
        await using var broker = new ScriptedBroker();
        var connection = await broker.ConnectAsync();
        var routing = connection.RouteAsync("super", "key", Token);
        Convert.ToHexString((await broker.ReceiveAsync(StreamCommand.Route)).AsSpan(8)).ShouldBe("00036B6579" + "00057375706572");
        await broker.SendAsync(Bytes.Frame(route).U32(5).U16(1).U32(1).Text("super-1"));
        (await routing).ShouldBe(["super-1"]);
        var asking = connection.QueryPartitionsAsync("super", Token);
        await broker.ReceiveAsync(StreamCommand.Partitions);
        await broker.SendAsync(Bytes.Frame(partitions).U32(6).U16(1).U32(2).Text("super-0").Text("super-1"));
        (await asking).ShouldBe(["super-0", "super-1"]);
        await CloseAsync(broker, connection);
    }

    [Fact]
    public async Task Both_versions_of_deliver_are_read()
    {
        await using var broker = new ScriptedBroker();
        var connection = await broker.ConnectAsync();
        var chunks = await SubscribeAsync(broker, connection, credit: 2);
        await broker.SendAsync(Bytes.Frame(8).U8(0).Raw(Bytes.Chunk(5, 1, Bytes.Entry("one"u8))));
        await broker.SendAsync(Bytes.Frame(8, version: 2).U8(0).U64(99).Raw(Bytes.Chunk(7, 1, Bytes.Entry("two"u8))));
        (await chunks.NextAsync()).ShouldBe(["5:one"]);
        (await chunks.NextAsync()).ShouldBe(["7:two"]);
        await CloseAsync(broker, connection);
    }

    public static TheoryData<string, byte[]> Faults() => new()
    {
        { "unknown key 0x0099", Bytes.Frame(0x99).ToFrame() },
        { "unknown version 9", Bytes.Frame(0x17, version: 9).ToFrame() },
        { "the limit is 65,536", new Bytes().U32(65_537).U16(0x17).ToArray() },
        { "the limit is 1,048,576", new Bytes().U32(1_048_577).U16(8).ToArray() },
        { "can't hold a command", new Bytes().U32(2).U16(0x17).ToArray() },
        { "which was not asked", Bytes.Frame(0x8001).U32(77).U16(1).ToFrame() },
        { "ends 4 bytes too early", Bytes.Frame(0x8001).ToFrame() },
        { "claims 4,294,967,295 items", Bytes.Frame(3).U8(0).U32(0xffffffff).ToFrame() },
        { "claims 2 items", Bytes.Frame(4).U8(0).U32(2).U64(1).U16(1).ToFrame() },
        { "subscription 9, which doesn't exist", Bytes.Frame(8).U8(9).Raw(Bytes.Chunk(0, 0)).ToFrame() },
        { "broker closed", Bytes.Frame(0x16).U32(1).U16(15).Text("broker closed").ToFrame() },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whatever_breaks_the_protocol_ends_the_connection_and_says_why(string reason, byte[] frame)
    {
        await using var broker = new ScriptedBroker();
        var connection = await broker.ConnectAsync();
        var chunks = await SubscribeAsync(broker, connection, credit: 1);
        var asking = connection.QueryMetadataAsync(["s"], Token);
        await broker.SendRawAsync(frame);
        await connection.Closed.WaitAsync(Token);
        connection.CloseReason!.Message.ShouldContain(reason);
        (await chunks.Ended).ShouldBeSameAs(connection.CloseReason);
        (await Should.ThrowAsync<StreamConnectionException>(() => asking)).InnerException.ShouldBeSameAs(connection.CloseReason);
        await Should.ThrowAsync<StreamConnectionException>(() => connection.QueryMetadataAsync(["s"], Token));
    }

    [Fact]
    public async Task A_damaged_chunk_is_told_to_its_own_subscription_only()
    {
        foreach (var (reason, chunk) in new[] { ("checksum", Bytes.With(Bytes.Chunk(33, 1, Bytes.Entry("x"u8)), 32, 1u)), ("less than a header's 48", [1, 2, 3]) })
        {
            await using var broker = new ScriptedBroker();
            var connection = await broker.ConnectAsync();
            var other = await SubscribeAsync(broker, connection, credit: 1);
            var damaged = await SubscribeAsync(broker, connection, credit: 1);
            await broker.SendAsync(Bytes.Frame(8).U8(1).Raw(chunk));
            (await damaged.Ended).ShouldBeOfType<ChunkException>().Reason.ShouldContain(reason);
            (await other.Ended).ShouldBeOfType<StreamProtocolException>().InnerException.ShouldBeOfType<ChunkException>();
            await connection.Closed.WaitAsync(Token);
        }
    }

    [Fact]
    public async Task A_fault_of_an_observer_ends_the_connection_and_is_the_reason()
    {
        await using var broker = new ScriptedBroker();
        var connection = await broker.ConnectAsync();
        await SubscribeAsync(broker, connection, credit: 1);
        await broker.SendAsync(Bytes.Frame(8).U8(0).Raw(Bytes.Chunk(0, 2, Bytes.Entry("x"u8))));
        await connection.Closed.WaitAsync(Token);
        connection.CloseReason.ShouldBeOfType<ChunkException>().Reason.ShouldContain("holds 1 records");
    }

    [Fact]
    public async Task More_chunks_than_were_allowed_end_the_connection()
    {
        await using var broker = new ScriptedBroker();
        var connection = await broker.ConnectAsync();
        var chunks = await SubscribeAsync(broker, connection, credit: 1);
        await broker.SendAsync(Bytes.Frame(8).U8(0).Raw(Bytes.Chunk(0, 1, Bytes.Entry("x"u8))));
        await broker.SendAsync(Bytes.Frame(8).U8(0).Raw(Bytes.Chunk(1, 1, Bytes.Entry("y"u8))));
        (await chunks.Ended).Message.ShouldContain("more chunks of 's' than it was allowed");
        chunks.Waiting.ShouldBe(1);
    }

    [Fact]
    public async Task A_broker_that_hangs_up_is_noticed()
    {
        await using var broker = new ScriptedBroker();
        var connection = await broker.ConnectAsync();
        var chunks = await SubscribeAsync(broker, connection, credit: 1);
        await broker.SendRawAsync(new byte[] { 0, 0, 1 });
        broker.HangUp();
        (await chunks.Ended).ShouldBeOfType<StreamConnectionException>();
    }

    [Fact]
    public async Task A_request_that_is_never_answered_ends_the_connection_in_time()
    {
        var time = new ManualTime();
        await using var broker = new ScriptedBroker { Time = time };
        var connection = await broker.ConnectAsync();
        var asking = connection.QueryMetadataAsync(["s"], Token);
        (await Should.ThrowAsync<StreamConnectionException>(() => time.PassUntilAsync(asking))).Message.ShouldContain("didn't answer Metadata of 's'");
        await broker.EndedAsync<StreamConnectionException>();
    }

    [Fact]
    public async Task A_request_that_is_cancelled_leaves_the_connection_in_order()
    {
        await using var broker = new ScriptedBroker();
        var connection = await broker.ConnectAsync();
        using var cancel = new CancellationTokenSource();
        var asking = connection.DeleteStreamAsync("s", cancel.Token);
        await broker.ReceiveAsync(StreamCommand.Delete);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => asking);
        await broker.SendAsync(Bytes.Frame(0x800e).U32(5).U16(2));

        var again = connection.DeleteStreamAsync("s", Token);
        await broker.AcceptAsync(StreamCommand.Delete);
        await again;
        await CloseAsync(broker, connection);
    }

    [Fact]
    public async Task A_write_that_is_not_taken_ends_the_connection_in_time()
    {
        var time = new ManualTime();
        await using var broker = new ScriptedBroker { Time = time };
        var connection = await broker.ConnectAsync(ours: TimeSpan.FromHours(1));
        var declaring = connection.DeclarePublisherAsync("s", null, new PublishLog(), Token);
        await broker.AcceptAsync(StreamCommand.DeclarePublisher);
        var publisher = await declaring;
        var error = await Should.ThrowAsync<StreamConnectionException>(() => time.PassUntilAsync(PublishAsync()));
        error.Message.ShouldContain("has taken no data");

        async Task PublishAsync()
        {
            while (true)
            {
                using var frame = new PublishFrame(1024 * 1024);
                frame.Add(1, 1024 * 1024);
                await publisher.PublishAsync(frame, Token);
            }
        }
    }

    [Fact]
    public async Task Silence_for_two_heartbeats_ends_the_connection_and_ours_are_sent()
    {
        var time = new ManualTime();
        await using var broker = new ScriptedBroker { Time = time };
        var connection = await broker.ConnectAsync(heartbeat: 60);
        await time.PassUntilAsync(broker.ReceiveAsync(StreamCommand.Heartbeat));
        await time.PassUntilAsync(connection.Closed);
        (await broker.EndedAsync<StreamConnectionException>()).Message.ShouldContain("silent");
    }

    [Theory]
    [InlineData(0x8013, 8, StreamResponseCode.AuthenticationFailure)]
    [InlineData(0x8013, 11, StreamResponseCode.AuthenticationFailureLoopback)]
    public async Task A_refused_user_is_told_without_the_password(int key, int code, StreamResponseCode expected)
    {
        await using var broker = new ScriptedBroker();
        var connecting = StreamConnection.ConnectAsync(broker.Options(), Token);
        await broker.AcceptAsync();
        await broker.ReceiveAsync(StreamCommand.PeerProperties);
        await broker.SendAsync(Bytes.Frame(0x8011).U32(1).U16(1).U32(0));
        await broker.ReceiveAsync(StreamCommand.SaslHandshake);
        await broker.SendAsync(Bytes.Frame(0x8012).U32(2).U16(1).U32(1).Text("PLAIN"));
        await broker.ReceiveAsync(StreamCommand.SaslAuthenticate);
        await broker.SendAsync(Bytes.Frame(key).U32(3).U16(code));
        broker.HangUp();
        var error = await Should.ThrowAsync<StreamResponseException>(() => connecting);
        error.Code.ShouldBe(expected);
        error.ToString().ShouldNotContain("pass word");
    }

    [Fact]
    public async Task Something_that_listens_and_says_nothing_is_given_up_in_time()
    {
        var time = new ManualTime();
        await using var broker = new ScriptedBroker { Time = time };
        var connecting = StreamConnection.ConnectAsync(broker.Options(), Token);
        await broker.AcceptAsync();
        (await Should.ThrowAsync<StreamConnectionException>(() => time.PassUntilAsync(connecting))).Message.ShouldContain("within 30 s");
        await broker.ClosedByClientAsync();
        broker.Pool.Outstanding.ShouldBe(0);
    }

    [Fact]
    public async Task Something_that_speaks_another_protocol_is_refused()
    {
        await using var broker = new ScriptedBroker();
        var connecting = StreamConnection.ConnectAsync(broker.Options(), Token);
        await broker.AcceptAsync();
        await broker.SendRawAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
        (await Should.ThrowAsync<StreamConnectionException>(() => connecting)).InnerException.ShouldBeOfType<StreamProtocolException>();
    }

    [Fact]
    public async Task Nobody_there_is_told_at_once()
    {
        StreamConnectionOptions options;
        await using (var broker = new ScriptedBroker())
        {
            options = broker.Options();
        }

        (await Should.ThrowAsync<StreamConnectionException>(() => StreamConnection.ConnectAsync(options, Token))).Message.ShouldContain("can't be reached");
    }

    [Fact]
    public async Task Whatever_frames_come_only_named_exceptions_end_the_connection()
    {
        var random = new Random(20_101_201);
        byte[][] sound =
        [
            Bytes.Frame(8).U8(0).Raw(Bytes.Chunk(3, 3, Bytes.Entry("one"u8), Bytes.Batch(true, [1], [2]))).ToFrame(),
            Bytes.Frame(3).U8(0).U32(2).U64(1).U64(2).ToFrame(),
            Bytes.Frame(0x10).U16(6).Text("s").ToFrame(),
            Bytes.Frame(0x800f).U32(6).U32(1).U16(0).Text("h").U32(5552).U32(1).Text("s").U16(1).U16(0).U32(1).U16(0).ToFrame(),
            Bytes.Frame(0x8009).U16(4).U8(0).ToFrame(),
        ];
        for (var round = 0; round < 300; round++)
        {
            await using var broker = new ScriptedBroker();
            var connection = await broker.ConnectAsync();
            var chunks = await SubscribeAsync(broker, connection, credit: 100);
            var asking = connection.QueryMetadataAsync(["s"], Token);
            var bytes = sound[round % sound.Length].ToArray();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                bytes[random.Next(3, bytes.Length)] = (byte)random.Next(256);
            }

            await broker.ReceiveAsync(StreamCommand.Metadata);
            await broker.SendRawAsync(bytes);
            broker.HangUp();
            await connection.Closed.WaitAsync(Token);
            connection.CloseReason.ShouldBeAssignableTo<FlowException>();
            await chunks.Ended;
            await ((Task)asking).ContinueWith(static _ => { }, Token, TaskContinuationOptions.None, TaskScheduler.Default);
            if (asking.IsFaulted)
            {
                asking.Exception.InnerException.ShouldBeAssignableTo<FlowException>();
            }
        }
    }

    private static async Task<ChunkLog> SubscribeAsync(ScriptedBroker broker, StreamConnection connection, ushort credit)
    {
        var chunks = new ChunkLog();
        var subscribing = connection.SubscribeAsync("s", StreamOffset.First, credit, chunks, Token);
        await broker.AcceptAsync(StreamCommand.Subscribe);
        await subscribing;
        if (credit > 1)
        {
            await broker.ReceiveAsync(StreamCommand.Credit);
        }

        return chunks;
    }

    private static async Task ExpectAsync(ScriptedBroker broker, StreamCommand command, string body)
    {
        await broker.AcceptAsync(command);
        Convert.ToHexString(broker.Received[^1].AsSpan(8)).ShouldBe(body);
    }

    private static async Task CloseAsync(ScriptedBroker broker, StreamConnection connection)
    {
        var closing = connection.DisposeAsync();
        await broker.AcceptAsync(StreamCommand.Close);
        Convert.ToHexString(broker.Received[^1].AsSpan(8)).ShouldBe("0001" + "0004" + "646F6E65");
        broker.HangUp();
        await closing;
    }
}
