using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ.Tests.StreamProtocol;

/// <summary>A server that breaks the protocol, or keeps to its letter and does nothing. Each leads to an error with a name, in time, and leaves nothing behind.</summary>
public sealed class HostileServerTests
{
    private readonly ManualTime time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A sound frame of each kind, of which every byte counts.</summary>
    public static TheoryData<string, byte[]> Frames() => new()
    {
        { "PublishConfirm", Bytes.Frame(0x03).U8(0).U32(1).U64(1).ToArray() },
        { "PublishError", Bytes.Frame(0x04).U8(0).U32(1).U64(1).U16(16).ToArray() },
        { "Deliver", Bytes.Frame(0x08).U8(0).Raw(Bytes.Chunk(3, 1, Bytes.Entry("one"u8))).ToArray() },
        { "Deliver, version 2", Bytes.Frame(0x08, version: 2).U8(0).U64(3).Raw(Bytes.Chunk(3, 1, Bytes.Entry("one"u8))).ToArray() },
        { "MetadataUpdate", Bytes.Frame(0x10).U16(6).Text("s").ToArray() },
        { "Close", Bytes.Frame(0x16).U32(1).U16(1).Text("bye").ToArray() },
        { "Credit's answer", Bytes.Frame(0x8009).U16(4).U8(0).ToArray() },
        { "Metadata's answer", Bytes.Frame(0x800f).U32(6).U32(1).U16(0).Text("h").U32(5552).U32(1).Text("s").U16(1).U16(0).U32(1).U16(0).ToArray() },
    };

    [Theory]
    [MemberData(nameof(Frames))]
    public async Task A_frame_that_is_cut_short_anywhere_ends_the_connection(string kind, byte[] frame)
    {
        for (var length = 2; length < frame.Length; length++)
        {
            await using var broker = new ScriptedBroker { Time = time };
            var connection = await broker.ConnectAsync();
            var chunks = await SubscribeAsync(broker, connection);
            var asking = connection.QueryMetadataAsync(["s"], Token);
            await broker.ReceiveAsync(StreamCommand.Metadata);
            await broker.SendRawAsync(new Bytes().U32(length).Raw(frame.AsSpan(0, length)).ToArray());
            await broker.EndedAsync<StreamProtocolException>();
            await Should.ThrowAsync<FlowException>(() => asking, $"{kind} cut at {length}");
            (await chunks.Ended).ShouldBeAssignableTo<FlowException>();
        }
    }

    public static TheoryData<string, byte[]> Nonsense() => new()
    {
        { "claims a length of -2", Bytes.Frame(0x10).U16(6).U16(0xfffe).ToFrame() },
        { "claims a length of -32768", Bytes.Frame(0x16).U32(1).U16(1).U16(0x8000).ToFrame() },
        { "claims 4,294,967,294 items", Bytes.Frame(0x04).U8(0).U32(0xfffffffe).ToFrame() },
        { "claims 4,294,967,295 bytes of data", Bytes.Frame(8).U8(0).Raw(Bytes.With(Bytes.Chunk(0, 1, Bytes.Entry("x"u8)), 36, 0xffffffffu)).ToFrame() },
        { "claims the offset", Bytes.Frame(8).U8(0).Raw(Bytes.With(Bytes.Chunk(1, 1, Bytes.Entry("x"u8)), 24, 0x7fffffffu)).ToFrame() },
        { "single active consumer", Bytes.Frame(0x1a).U32(1).U8(0).U8(1).ToFrame() },
        { "unknown key 0x0011", Bytes.Frame(0x11).U32(1).U32(0).ToFrame() },
        { "response to Unsubscribe 99", Bytes.Frame(0x800c).U32(99).U16(1).ToFrame() },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task Nonsense_ends_the_connection_and_is_named(string reason, byte[] frame)
    {
        await using var broker = new ScriptedBroker { Time = time };
        var connection = await broker.ConnectAsync();
        var chunks = await SubscribeAsync(broker, connection);
        await broker.SendRawAsync(frame);
        (await broker.EndedAsync<StreamProtocolException>()).Message.ShouldContain(reason);
        (await chunks.Ended).ShouldBeAssignableTo<FlowException>();
    }

    [Fact]
    public async Task Half_a_chunk_and_then_silence_ends_the_connection()
    {
        await using var broker = new ScriptedBroker { Time = time };
        var connection = await broker.ConnectAsync();
        var chunks = await SubscribeAsync(broker, connection);
        var whole = Bytes.Frame(8).U8(0).Raw(Bytes.Chunk(0, 1, Bytes.Entry(new byte[200_000]))).ToFrame();
        await broker.SendRawAsync(whole.AsMemory(0, 150_000));
        await time.PassUntilAsync(connection.Closed);
        (await broker.EndedAsync<StreamConnectionException>()).Message.ShouldContain("silent");
        (await chunks.Ended).ShouldBeSameAs(connection.CloseReason);
    }

    [Fact]
    public async Task A_frame_that_drips_in_is_given_up()
    {
        await using var broker = new ScriptedBroker { Time = time };
        var connection = await broker.ConnectAsync(heartbeat: 3600, ours: TimeSpan.FromHours(1));
        await SubscribeAsync(broker, connection);
        var whole = Bytes.Frame(8).U8(0).Raw(Bytes.Chunk(0, 1, Bytes.Entry(new byte[200_000]))).ToFrame();
        await time.PassUntilAsync(DripAsync());
        (await broker.EndedAsync<StreamProtocolException>()).Message.ShouldContain("not the rest within 120 s");

        async Task DripAsync()
        {
            for (var i = 0; !connection.Closed.IsCompleted; i++)
            {
                await broker.SendRawAsync(whole.AsMemory(i, 1));
                await Task.WhenAny(connection.Closed, time.PassesAsync(TimeSpan.FromSeconds(5), Token));
            }
        }
    }

    [Fact]
    public async Task Heartbeats_alone_keep_a_connection_but_no_request()
    {
        await using var broker = new ScriptedBroker { Time = time };
        var connection = await broker.ConnectAsync(heartbeat: 20);
        for (var beat = 0; beat < 10; beat++)
        {
            // Ours goes out after 10 s of silence: so much time has passed when it comes.
            await time.PassUntilAsync(broker.ReceiveAsync(StreamCommand.Heartbeat));
            await broker.SendAsync(Bytes.Frame(0x17));
        }

        connection.CloseReason.ShouldBeNull("100 s with heartbeats of 20 s");
        var asking = connection.QueryMetadataAsync(["s"], Token);
        await time.PassUntilAsync(Task.WhenAny(asking, BeatAsync()));
        (await Should.ThrowAsync<StreamConnectionException>(() => asking)).Message.ShouldContain("didn't answer");
        await broker.EndedAsync<StreamConnectionException>();

        async Task BeatAsync()
        {
            while (true)
            {
                await broker.SendAsync(Bytes.Frame(0x17));
                await time.PassesAsync(TimeSpan.FromSeconds(5), Token);
            }
        }
    }

    [Theory]
    [InlineData("closes", "maintenance")]
    [InlineData("hangs up", "closed the connection")]
    [InlineData("says nothing", "within 30 s")]
    [InlineData("allows no frame", "8,192 are needed")]
    public async Task A_broker_that_fails_in_the_middle_of_tune_is_told(string how, string reason)
    {
        await using var broker = new ScriptedBroker { Time = time };
        var connecting = StreamConnection.ConnectAsync(broker.Options(), Token);
        await broker.AcceptAsync();
        await broker.AuthenticateAsync("4.0.5");
        switch (how)
        {
            case "closes":
                await broker.SendAsync(Bytes.Frame(0x16).U32(1).U16(15).Text("maintenance"));
                break;
            case "hangs up":
                broker.HangUp();
                break;
            case "allows no frame":
                await broker.SendAsync(Bytes.Frame(0x14).U32(16).U32(60));
                break;
        }

        var error = await Should.ThrowAsync<FlowException>(() => time.PassUntilAsync(connecting));
        error.Message.ShouldContain(reason);
        broker.Pool.Outstanding.ShouldBe(0);
    }

    [Fact]
    public async Task A_storm_of_metadata_updates_ends_what_it_names_once_and_nothing_else()
    {
        await using var broker = new ScriptedBroker { Time = time };
        var connection = await broker.ConnectAsync();
        var chunks = await SubscribeAsync(broker, connection);
        var log = new PublishLog();
        var declaring = connection.DeclarePublisherAsync("other", null, log, Token);
        await broker.AcceptAsync(StreamCommand.DeclarePublisher);
        await declaring;
        var storm = new Bytes();
        for (var i = 0; i < 5_000; i++)
        {
            storm.Raw(Bytes.Frame(0x10).U16(6).Text("s").ToFrame()).Raw(Bytes.Frame(0x10).U16(6).Text($"unknown-{i}").ToFrame());
        }

        await broker.SendRawAsync(storm.ToArray());
        await broker.SendAsync(Bytes.Frame(0x03).U8(0).U32(1).U64(77));
        (await log.NextAsync()).ShouldBe("confirmed 77", "the other stream's publisher goes on");
        (await chunks.Ended).ShouldBeOfType<StreamResponseException>().Command.ShouldBe(StreamCommand.MetadataUpdate);
        broker.HangUp();
        await broker.EndedWithoutASocketAsync();
    }

    [Fact]
    public async Task What_comes_for_a_publisher_that_is_gone_is_passed_over()
    {
        await using var broker = new ScriptedBroker { Time = time };
        var connection = await broker.ConnectAsync();
        var chunks = await SubscribeAsync(broker, connection);
        await broker.SendAsync(Bytes.Frame(0x03).U8(9).U32(1).U64(1));
        await broker.SendAsync(Bytes.Frame(0x04).U8(9).U32(1).U64(1).U16(18));
        await broker.SendAsync(Bytes.Frame(8).U8(0).Raw(Bytes.Chunk(0, 1, Bytes.Entry("alive"u8))));
        (await chunks.NextAsync()).ShouldBe(["0:alive"]);
        broker.HangUp();
        await broker.EndedWithoutASocketAsync();
    }

    [Fact]
    public async Task A_host_that_is_none_is_told()
    {
        foreach (var host in new[] { "", new string('x', 300), "a b", "\0" })
        {
            var options = new StreamConnectionOptions { Endpoint = new StreamEndpoint(host, 5552), User = "u" };
            await Should.ThrowAsync<StreamConnectionException>(() => StreamConnection.ConnectAsync(options, Token));
        }
    }

    private static async Task<ChunkLog> SubscribeAsync(ScriptedBroker broker, StreamConnection connection)
    {
        var chunks = new ChunkLog();
        var subscribing = connection.SubscribeAsync("s", StreamOffset.First, 1, chunks, Token);
        await broker.AcceptAsync(StreamCommand.Subscribe);
        await subscribing;
        return chunks;
    }
}
