using System.Text;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ.Tests.StreamProtocol;

/// <summary>The client against a real broker.</summary>
public sealed class StreamConnectionTests(BrokerFixture broker) : IAsyncLifetime
{
    private readonly string stream = $"t{Guid.NewGuid():N}"[..20];
    private StreamConnection connection = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        connection = await broker.ConnectAsync();
        await connection.CreateStreamAsync(stream, new Dictionary<string, string> { ["max-age"] = "24h", ["max-length-bytes"] = "1000000000" }, Token);
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await using var last = await StreamConnection.ConnectAsync(broker.ConnectionOptions(), CancellationToken.None);
        if ((await last.QueryMetadataAsync([stream], CancellationToken.None))[0].Code != StreamResponseCode.StreamDoesNotExist)
        {
            await last.DeleteStreamAsync(stream, CancellationToken.None);
        }
    }

    [Fact]
    public void The_broker_introduces_itself()
    {
        connection.PeerProperties["product"].ShouldBe("RabbitMQ");
        connection.PeerVersion.ShouldNotBeNull();
        connection.PeerVersion.ShouldBeGreaterThanOrEqualTo(new Version(3, 10));
        connection.AdvertisedEndpoint.ShouldNotBeNull();
        connection.FrameMax.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_stream_is_created_once()
    {
        var same = new Dictionary<string, string> { ["max-age"] = "24h", ["max-length-bytes"] = "1000000000" };
        (await Should.ThrowAsync<StreamResponseException>(() => connection.CreateStreamAsync(stream, same, Token))).Code.ShouldBe(StreamResponseCode.StreamAlreadyExists);
        (await Should.ThrowAsync<StreamResponseException>(() => connection.CreateStreamAsync(stream, new Dictionary<string, string>(), Token)))
            .Code.ShouldBe(StreamResponseCode.PreconditionFailed);
        await connection.DeleteStreamAsync(stream, Token);
        (await Should.ThrowAsync<StreamResponseException>(() => connection.DeleteStreamAsync(stream, Token))).Code.ShouldBe(StreamResponseCode.StreamDoesNotExist);
    }

    [Theory]
    [InlineData("1x")]
    [InlineData("h")]
    [InlineData("0s")]
    [InlineData("24 h")]
    [InlineData("")]
    public async Task An_age_that_brokers_would_ignore_is_refused(string age) =>
        (await Should.ThrowAsync<ArgumentException>(() => connection.CreateStreamAsync("never", new Dictionary<string, string> { ["max-age"] = age }, Token))).Message.ShouldContain(age);

    [Fact]
    public async Task Metadata_answers_for_every_name_in_the_order_asked()
    {
        await ReadyAsync();
        var answers = await connection.QueryMetadataAsync(["missing-1", stream, "missing-2"], Token);
        answers.Select(answer => (answer.Stream, answer.Code)).ShouldBe(
            [("missing-1", StreamResponseCode.StreamDoesNotExist), (stream, StreamResponseCode.Ok), ("missing-2", StreamResponseCode.StreamDoesNotExist)]);
        answers[1].Leader.ShouldBe(connection.AdvertisedEndpoint);
    }

    [Fact]
    public async Task What_is_published_is_confirmed_and_delivered()
    {
        await ReadyAsync();
        var published = new PublishLog();
        var publisher = await connection.DeclarePublisherAsync(stream, null, published, Token);
        await PublishAsync(publisher, 1, "one", "two", "three");
        (await published.ConfirmedAsync(3)).Order().ShouldBe([1ul, 2ul, 3ul]);

        await using var reading = await broker.ConnectAsync();
        var chunks = new ChunkLog();
        await reading.SubscribeAsync(stream, StreamOffset.First, 10, chunks, Token);
        var records = new List<string>();
        while (records.Count < 3)
        {
            records.AddRange(await chunks.NextAsync());
        }

        records.ShouldBe(["0:one", "1:two", "2:three"]);
    }

    [Fact]
    public async Task A_reference_drops_what_the_stream_has_and_confirms_it()
    {
        await ReadyAsync();
        (await connection.QueryPublisherSequenceAsync("ref", stream, Token)).ShouldBe(0ul);
        var published = new PublishLog();
        var publisher = await connection.DeclarePublisherAsync(stream, "ref", published, Token);
        await PublishAsync(publisher, 1, "1", "2", "3");
        await published.ConfirmedAsync(3);
        await PublishAsync(publisher, 2, "again", "again", "4");
        (await published.ConfirmedAsync(3)).Order().ShouldBe([2ul, 3ul, 4ul]);
        (await connection.QueryPublisherSequenceAsync("ref", stream, Token)).ShouldBe(4ul);
        await publisher.DeleteAsync(Token);

        await using var reading = await broker.ConnectAsync();
        var chunks = new ChunkLog();
        await reading.SubscribeAsync(stream, StreamOffset.First, 10, chunks, Token);
        var records = new List<string>();
        while (records.Count < 4)
        {
            records.AddRange(await chunks.NextAsync());
        }

        records.Select(record => record[(record.IndexOf(':', StringComparison.Ordinal) + 1)..]).ShouldBe(["1", "2", "3", "4"]);
    }

    [Fact]
    public async Task A_deleted_publisher_can_publish_no_more()
    {
        await ReadyAsync();
        var published = new PublishLog();
        var publisher = await connection.DeclarePublisherAsync(stream, null, published, Token);
        await publisher.DeleteAsync(Token);
        var other = await connection.DeclarePublisherAsync(stream, null, published, Token);
        other.Id.ShouldBe(publisher.Id, "numbers are used again");
        await other.DeleteAsync(Token);
        var ghost = new PublishLog();
        var declared = await connection.DeclarePublisherAsync(stream, "r", ghost, Token);
        (await Should.ThrowAsync<StreamResponseException>(() => connection.DeclarePublisherAsync(stream, "r", new PublishLog(), Token))).Code.ShouldBe(StreamResponseCode.PreconditionFailed);
        await PublishAsync(declared, 1, "x");
        (await ghost.NextAsync()).ShouldBe("confirmed 1");
    }

    [Fact]
    public async Task Chunks_come_only_as_credit_allows()
    {
        await ReadyAsync();
        var published = new PublishLog();
        var publisher = await connection.DeclarePublisherAsync(stream, null, published, Token);
        for (var id = 1ul; id <= 5; id++)
        {
            await PublishAsync(publisher, id, $"{id}");
            await published.ConfirmedAsync(1);
        }

        await using var reading = await broker.ConnectAsync();
        var chunks = new ChunkLog();
        var subscription = await reading.SubscribeAsync(stream, StreamOffset.First, 2, chunks, Token);
        await chunks.NextAsync();
        await chunks.NextAsync();

        // An answer comes after whatever the broker would have delivered.
        await reading.QueryMetadataAsync([stream], Token);
        chunks.Waiting.ShouldBe(0);
        await subscription.CreditAsync(1, Token);
        (await chunks.NextAsync()).ShouldBe(["2:3"]);
        await reading.QueryMetadataAsync([stream], Token);
        chunks.Waiting.ShouldBe(0);
        await subscription.UnsubscribeAsync(Token);
    }

    [Fact]
    public async Task A_chunk_that_is_there_comes_before_the_answer_to_unsubscribe()
    {
        await ReadyAsync();
        var published = new PublishLog();
        var publisher = await connection.DeclarePublisherAsync(stream, null, published, Token);
        await using var reading = await broker.ConnectAsync();
        for (var id = 1ul; id <= 100; id++)
        {
            await PublishAsync(publisher, id, $"{id}");
            await published.ConfirmedAsync(1);
            var chunks = new ChunkLog();
            var subscription = await reading.SubscribeAsync(stream, StreamOffset.Last, 1, chunks, Token);
            await subscription.UnsubscribeAsync(Token);
            chunks.Waiting.ShouldBe(1);
            (await chunks.NextAsync()).ShouldBe([$"{id - 1}:{id}"]);
        }
    }

    [Fact]
    public async Task Deleting_the_stream_ends_its_publishers_and_subscriptions_but_not_the_connection()
    {
        await ReadyAsync();
        var published = new PublishLog();
        await connection.DeclarePublisherAsync(stream, null, published, Token);
        await using var reading = await broker.ConnectAsync();
        var chunks = new ChunkLog();
        var subscription = await reading.SubscribeAsync(stream, StreamOffset.First, 1, chunks, Token);
        await connection.DeleteStreamAsync(stream, Token);
        (await published.NextAsync()).ShouldStartWith("closed ");
        (await chunks.Ended).ShouldBeOfType<StreamResponseException>().Command.ShouldBe(StreamCommand.MetadataUpdate);
        await subscription.CreditAsync(1, Token);
        await subscription.UnsubscribeAsync(Token);
        (await reading.QueryMetadataAsync([stream], Token))[0].Code.ShouldBe(StreamResponseCode.StreamDoesNotExist);
    }

    [Fact]
    public async Task What_is_not_there_is_told()
    {
        (await Should.ThrowAsync<StreamResponseException>(() => connection.DeclarePublisherAsync("missing", null, new PublishLog(), Token)))
            .Code.ShouldBe(StreamResponseCode.StreamDoesNotExist);
        (await Should.ThrowAsync<StreamResponseException>(() => connection.SubscribeAsync("missing", StreamOffset.First, 1, new ChunkLog(), Token)))
            .Code.ShouldBe(StreamResponseCode.StreamDoesNotExist);
    }

    [Fact]
    public async Task A_wrong_password_is_refused_and_not_repeated()
    {
        var error = await Should.ThrowAsync<StreamResponseException>(() => StreamConnection.ConnectAsync(broker.ConnectionOptions("wrong-password"), Token));
        error.Code.ShouldBe(StreamResponseCode.AuthenticationFailure);
        error.ToString().ShouldNotContain("wrong-password");
    }

    [Fact]
    public async Task An_unknown_virtual_host_is_refused()
    {
        var options = broker.ConnectionOptions();
        var elsewhere = new StreamConnectionOptions { Endpoint = options.Endpoint, User = options.User, Password = options.Password, VirtualHost = "nowhere" };
        (await Should.ThrowAsync<StreamResponseException>(() => StreamConnection.ConnectAsync(elsewhere, Token))).Code.ShouldBe(StreamResponseCode.VirtualHostAccessFailure);
    }

    [Fact]
    public async Task A_frame_of_the_largest_size_is_taken()
    {
        await ReadyAsync();
        var published = new PublishLog();
        var publisher = await connection.DeclarePublisherAsync(stream, null, published, Token);
        using var frame = new PublishFrame(1024);
        frame.Add(1, connection.FrameMax - PublishFrame.FrameOverhead - PublishFrame.MessageOverhead);
        frame.Bytes.ShouldBe(connection.FrameMax);
        await publisher.PublishAsync(frame, Token);
        (await published.NextAsync()).ShouldBe("confirmed 1");
    }

    private static async Task PublishAsync(StreamPublisher publisher, ulong first, params string[] messages)
    {
        using var frame = new PublishFrame(256);
        foreach (var message in messages)
        {
            var bytes = Encoding.UTF8.GetBytes(message);
            bytes.CopyTo(frame.Add(first++, bytes.Length));
        }

        await publisher.PublishAsync(frame, Token);
    }

    private Task ReadyAsync() => Eventually.ThatAsync(
        "the new stream has a leader", async () => (await connection.QueryMetadataAsync([stream], Token))[0].Leader is not null);
}
