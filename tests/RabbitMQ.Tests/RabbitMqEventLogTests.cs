using System.Text;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.StreamProtocol;
using FlowPlatform.Tests.Support;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace FlowPlatform.RabbitMQ.Tests;

/// <summary>What is RabbitMQ's own: foreign clients, topology, faults of the connection, retention.</summary>
public sealed class RabbitMqEventLogTests : IAsyncLifetime
{
    private readonly BrokerFixture broker;
    private readonly StreamDefinition definition = new($"t{Guid.NewGuid():N}"[..20], 2) { SegmentBytes = 500_000, MaxBytes = 2_000_000 };
    private readonly TcpProxy proxy;
    private readonly RabbitMqEventLog log;

    public RabbitMqEventLogTests(BrokerFixture broker)
    {
        this.broker = broker;
        proxy = new TcpProxy(BrokerAddress.Parse(broker.Options()).Stream.Endpoint);
        var options = broker.Options();
        options.AddressResolver = _ => proxy.Endpoint;
        log = new RabbitMqEventLog(options, TimeProvider.System);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private PartitionId Partition => new(definition.Name, 0);

    public async ValueTask InitializeAsync() => await log.EnsureStreamAsync(definition, Token);

    public async ValueTask DisposeAsync()
    {
        await log.DisposeAsync();
        await proxy.DisposeAsync();
        await broker.DeleteAsync(definition);
    }

    [Fact]
    public async Task A_message_of_a_foreign_amqp_client_gets_defaults()
    {
        await broker.OverAmqpAsync(async channel =>
        {
            await channel.BasicPublishAsync(definition.Name, "1", true, new BasicProperties { MessageId = "m-1", ContentType = "text/plain" }, "hello"u8.ToArray());
            await channel.BasicPublishAsync(definition.Name, "1", true, new BasicProperties(), "bare"u8.ToArray());
        });
        var second = new PartitionId(definition.Name, 1);
        await Eventually.ThatAsync("both are stored", async () => (await log.ReadLastAsync(second, Token))?.Offset == 1);
        var first = (await log.ReadFirstAsync(second, Token))!.Value;
        (first.Event.Id, first.Event.Type, first.Event.Key, first.Event.ContentType, first.Event.Producer, first.Event.Sequence)
            .ShouldBe(("m-1", "unknown", "m-1", "text/plain", null, 0));
        first.Event.Time.ShouldBe(first.Timestamp);
        Encoding.UTF8.GetString(first.Event.Data.Span).ShouldBe("hello");
        (await log.ReadAtAsync(second, 1, Token))!.Value.Event.Id.ShouldBe($"{second.Name}/1");
        (await log.ReadLastOfAsync(second, "anybody", Token)).ShouldBeNull();
        (await log.ReadLastAsync(Partition, Token)).ShouldBeNull("the routing key names the partition");
    }

    [Fact]
    public async Task A_foreign_amqp_client_reads_our_events()
    {
        var written = Event(1) with { TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
        await AppendAsync(written.Build());
        var received = new TaskCompletionSource<BasicDeliverEventArgs>(TaskCreationOptions.RunContinuationsAsynchronously);
        await broker.OverAmqpAsync(async channel =>
        {
            await channel.BasicQosAsync(0, 10, false, Token);
            var consumer = new AsyncEventingBasicConsumer(channel);
            var body = Array.Empty<byte>();
            consumer.ReceivedAsync += (_, delivery) =>
            {
                body = delivery.Body.ToArray();
                received.TrySetResult(delivery);
                return Task.CompletedTask;
            };
            await channel.BasicConsumeAsync(Partition.Name, false, "", false, false, new Dictionary<string, object?> { ["x-stream-offset"] = "first" }, consumer, Token);
            var delivery = await received.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Token);
            (delivery.BasicProperties.MessageId, delivery.BasicProperties.ContentType).ShouldBe(("e-1", "application/json"));
            Encoding.UTF8.GetString(body).ShouldBe("""{"n":1}""");
            Header(delivery, "cloudEvents:type").ShouldBe("tests.happened.v1");
            Header(delivery, "flow-sequence").ShouldBe("1");
            Header(delivery, "traceparent").ShouldBe(written.TraceParent);
        });

        static string Header(BasicDeliverEventArgs delivery, string name) => Encoding.UTF8.GetString((byte[])delivery.BasicProperties.Headers![name]!);
    }

    [Fact]
    public async Task A_reader_stops_at_a_record_that_is_no_event_and_can_be_sent_past_it()
    {
        await AppendAsync(Event(1).Build(), Event(2).Build());
        await PublishRawAsync(Partition.Name, "this is no AMQP message"u8.ToArray());
        await using (var writer = await log.OpenWriterAsync(Partition, "tests/1", Token))
        {
            await writer.AppendAsync([Event(3).Build()], Token);
        }

        await using var reader = await log.OpenReaderAsync(Partition, LogPosition.First, Token);
        var seen = new List<LogRecord>();
        var error = await Should.ThrowAsync<LogCorruptException>(async () =>
        {
            while (true)
            {
                using var batch = await reader.ReadAsync(Token);
                seen.AddRange(batch.Records);
            }
        });
        seen.Select(record => record.Event.Sequence).ShouldBe([1, 2]);
        (error.Partition, error.Offset).ShouldBe((Partition, seen[^1].Offset + 1));
        (await Should.ThrowAsync<LogCorruptException>(async () => await reader.ReadAsync(Token))).ShouldBeSameAs(error);
        (await Should.ThrowAsync<LogCorruptException>(() => log.ReadAtAsync(Partition, error.Offset, Token))).Offset.ShouldBe(error.Offset);
        (await log.ReadLastOfAsync(Partition, "tests/1", Token))!.Value.Event.Sequence.ShouldBe(3);

        await using var past = await log.OpenReaderAsync(Partition, LogPosition.At(error.Offset + 1), Token);
        using var rest = await past.ReadAsync(Token);
        rest.Records[0].Event.Sequence.ShouldBe(3);
    }

    [Fact]
    public async Task Gaps_between_offsets_are_passed_over()
    {
        await AppendAsync("gone/1", Event(1).Build());
        for (var round = 1; round <= 5; round++)
        {
            await StoreOffsetsAsync(20);
            await AppendAsync(Event(round).Build());
        }

        await StoreOffsetsAsync(20);
        var all = new List<LogRecord>();
        await using (var reader = await log.OpenReaderAsync(Partition, LogPosition.First, Token))
        {
            while (all.Count < 6)
            {
                using var batch = await reader.ReadAsync(Token);
                all.AddRange(batch.Records);
            }
        }

        all[^1].Offset.ShouldBeGreaterThan(5, "stored offsets take offsets of their own");
        (await log.ReadLastAsync(Partition, Token))!.Value.Offset.ShouldBe(all[^1].Offset);
        (await log.ReadLastOfAsync(Partition, "gone/1", Token))!.Value.Offset.ShouldBe(all[0].Offset);
        for (var offset = 0L; offset <= all[^1].Offset; offset++)
        {
            (await log.ReadAtAsync(Partition, offset, Token))!.Value.Offset.ShouldBe(all.First(record => record.Offset >= offset).Offset);
        }

        (await log.ReadAtAsync(Partition, all[^1].Offset + 1, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task What_retention_removed_is_gone_from_the_beginning()
    {
        var data = new byte[10_000];
        Array.Fill(data, (byte)'1');
        for (var part = 0; part < 20; part++)
        {
            await AppendAsync([.. Enumerable.Range(1, 50).Select(i => (Event((part * 50) + i) with { Data = data }).Build())]);
        }

        await Eventually.ThatAsync("the oldest segments are deleted", async () => (await log.ReadFirstAsync(Partition, Token))!.Value.Offset > 0);
        var first = (await log.ReadFirstAsync(Partition, Token))!.Value;
        (await log.ReadAtAsync(Partition, 0, Token))!.Value.Offset.ShouldBe(first.Offset);
        (await log.ReadLastOfAsync(Partition, "nobody/1", Token)).ShouldBeNull();
        await using var reader = await log.OpenReaderAsync(Partition, LogPosition.At(0), Token);
        using var batch = await reader.ReadAsync(Token);
        batch.Records[0].Offset.ShouldBeGreaterThanOrEqualTo(first.Offset);
    }

    [Fact]
    public async Task A_cut_connection_ends_reader_and_writer_and_the_log_goes_on()
    {
        var writer = await log.OpenWriterAsync(Partition, "tests/1", Token);
        var reader = await log.OpenReaderAsync(Partition, LogPosition.First, Token);
        await writer.AppendAsync([Event(1).Build()], Token);
        proxy.Accepted.ShouldBeGreaterThanOrEqualTo(2, "advertised addresses go through the resolver");
        proxy.Cut();

        await Should.ThrowAsync<EventLogUnavailableException>(async () =>
        {
            while (true)
            {
                using var batch = await reader.ReadAsync(Token);
            }
        });
        await Eventually.ThatAsync("the writer has noticed", async () =>
        {
            var append = writer.AppendAsync([Event(2).Build()], Token);
            await append.ContinueWith(static _ => { }, Token, TaskContinuationOptions.None, TaskScheduler.Default);
            return append.IsFaulted && append.Exception.InnerException is EventLogUnavailableException;
        });
        await Should.ThrowAsync<EventLogUnavailableException>(() => writer.AppendAsync([Event(2).Build()], Token));
        await reader.DisposeAsync();
        await writer.DisposeAsync();

        await AppendAsync(Event(1).Build(), Event(2).Build());
        (await log.ReadLastAsync(Partition, Token))!.Value.Event.Sequence.ShouldBe(2);
    }

    [Fact]
    public async Task A_deleted_stream_ends_reader_and_writer()
    {
        await using var writer = await log.OpenWriterAsync(Partition, "tests/1", Token);
        await using var reader = await log.OpenReaderAsync(Partition, LogPosition.First, Token);
        var reading = reader.ReadAsync(Token);
        await broker.DeleteAsync(definition);
        (await Should.ThrowAsync<EventLogUnavailableException>(async () => await reading)).Message.ShouldContain(Partition.Name);
        await Should.ThrowAsync<EventLogUnavailableException>(() => writer.AppendAsync([Event(1).Build()], Token));
        await Should.ThrowAsync<StreamNotFoundException>(() => log.GetPartitionCountAsync(definition.Name, Token));
    }

    [Fact]
    public async Task Events_that_the_log_could_not_order_are_refused()
    {
        await using var writer = await log.OpenWriterAsync(Partition, "tests/1", Token);
        (await Should.ThrowAsync<ArgumentException>(() => writer.AppendAsync([Event(0).Build()], Token))).Message.ShouldContain("sequence 0");
        (await Should.ThrowAsync<ArgumentException>(() => writer.AppendAsync([Event(2).Build(), Event(2).Build()], Token))).Message.ShouldContain("sequence 2 after 2");
        (await Should.ThrowAsync<ArgumentException>(() => writer.AppendAsync([(Event(1) with { Producer = "other/1" }).Build()], Token))).Message.ShouldContain("other/1");
        await Should.ThrowAsync<ArgumentException>(() => log.OpenWriterAsync(Partition, new string('p', 256), Token));
        (await log.ReadLastAsync(Partition, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task The_same_writer_may_send_again_what_is_in_flight()
    {
        await using var writer = await log.OpenWriterAsync(Partition, "tests/1", Token);
        var events = Enumerable.Range(1, 300).Select(i => Event(i).Build()).ToList();
        var appends = Enumerable.Range(0, 5).Select(_ => writer.AppendAsync(events, Token)).ToList();
        await Task.WhenAll(appends);
        (await log.ReadLastAsync(Partition, Token))!.Value.Event.Sequence.ShouldBe(300);
        (await log.ReadAtAsync(Partition, 299, Token))!.Value.Event.Sequence.ShouldBe(300);
    }

    [Fact]
    public async Task An_interrupted_declaration_is_completed()
    {
        var unfinished = new StreamDefinition($"t{Guid.NewGuid():N}"[..20], 3);
        try
        {
            await broker.OverAmqpAsync(channel => channel.QueueDeclareAsync(
                $"{unfinished.Name}-2", true, false, false, new Dictionary<string, object?> { ["x-queue-type"] = "stream", ["x-stream-max-segment-size-bytes"] = unfinished.SegmentBytes }));
            await Should.ThrowAsync<StreamNotFoundException>(() => log.GetPartitionCountAsync(unfinished.Name, Token));
            await log.EnsureStreamAsync(unfinished, Token);
            (await log.GetPartitionCountAsync(unfinished.Name, Token)).ShouldBe(3);
        }
        finally
        {
            await broker.DeleteAsync(unfinished);
        }
    }

    [Fact]
    public async Task An_amqp_port_that_is_not_there_or_refuses_us_is_told()
    {
        var missing = broker.Options();
        missing.AmqpUri = new Uri("amqp://u:s3cret@127.0.0.1:1");
        var refused = broker.Options();
        refused.AmqpUri = new Uri($"amqp://{broker.AmqpUri.UserInfo.Split(':')[0]}:s3cret@{broker.AmqpUri.Authority}");
        foreach (var options in new[] { missing, refused })
        {
            await using var other = new RabbitMqEventLog(options, TimeProvider.System);
            var error = await Should.ThrowAsync<EventLogUnavailableException>(() => other.EnsureStreamAsync(definition, Token));
            error.Message.ShouldContain(definition.Name);
            error.ToString().ShouldNotContain("s3cret");
        }
    }

    [Fact]
    public async Task A_wrong_stream_password_is_told()
    {
        var options = broker.Options();
        options.StreamUri = new Uri($"rabbitmq-stream://{broker.StreamUri.UserInfo.Split(':')[0]}:s3cret@{broker.StreamUri.Authority}");
        await using var other = new RabbitMqEventLog(options, TimeProvider.System);
        var error = await Should.ThrowAsync<EventLogUnavailableException>(() => other.ReadLastAsync(Partition, Token));
        error.Message.ShouldContain("AuthenticationFailure");
        error.ToString().ShouldNotContain("s3cret");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3_000_000_001)]
    public async Task Definitions_that_the_broker_cannot_keep_are_refused(long segment)
    {
        var error = await Should.ThrowAsync<StreamDefinitionException>(() => log.EnsureStreamAsync(new StreamDefinition("never", 1) { SegmentBytes = segment }, Token));
        error.Message.ShouldContain("SegmentBytes");
        (await Should.ThrowAsync<StreamDefinitionException>(() => log.EnsureStreamAsync(new StreamDefinition("never", 1) { MaxAge = TimeSpan.FromMilliseconds(1) }, Token)))
            .Message.ShouldContain("MaxAge");
    }

    private static EventShape Event(long sequence) => new(sequence);

    private Task AppendAsync(params EventEnvelope[] events) => AppendAsync("tests/1", events);

    private async Task AppendAsync(string producer, params EventEnvelope[] events)
    {
        await using var writer = await log.OpenWriterAsync(Partition, producer, Token);
        await writer.AppendAsync(events, Token);
    }

    private async Task PublishRawAsync(string stream, byte[] message)
    {
        await using var connection = await broker.ConnectAsync();
        var published = new StreamProtocol.PublishLog();
        var publisher = await connection.DeclarePublisherAsync(stream, null, published, Token);
        using var frame = new PublishFrame(256);
        message.CopyTo(frame.Add(1, message.Length));
        await publisher.PublishAsync(frame, Token);
        await published.ConfirmedAsync(1);
    }

    /// <summary>Makes the broker write so many records of its own, which nobody is delivered.</summary>
    private async Task StoreOffsetsAsync(int count)
    {
        await using var connection = await broker.ConnectAsync();
        for (var i = 0; i < count; i++)
        {
            await connection.StoreOffsetAsync("reference", Partition.Name, i, Token);
        }

        await connection.QueryMetadataAsync([Partition.Name], Token);
    }

    private sealed record EventShape(long Sequence)
    {
        public string? Producer { get; init; }

        public string? TraceParent { get; init; }

        public byte[]? Data { get; init; }

        public EventEnvelope Build() => new()
        {
            Id = $"e-{Sequence}",
            Type = "tests.happened.v1",
            Source = "tests",
            Key = "k",
            Time = DateTimeOffset.UnixEpoch,
            CommittedAt = DateTimeOffset.UnixEpoch,
            TraceParent = TraceParent,
            Producer = Producer,
            Sequence = Sequence,
            Data = Data ?? Encoding.UTF8.GetBytes($$"""{"n":{{Sequence}}}"""),
        };
    }
}
