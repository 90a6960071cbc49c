using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.StreamProtocol;
using FlowPlatform.RabbitMQ.Tests.StreamProtocol;
using FlowPlatform.Tests.Support;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FlowPlatform.RabbitMQ.Tests.Hostile;

/// <summary>What can't be read stops the consumer, in the real runtime, and keeps its offset: nothing is skipped, and once it can be read, it goes on.</summary>
public sealed class CorruptLogTests : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private readonly FakeNode node = new(new PartitionId("meters", 0));

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await node.DisposeAsync();
        directory.Dispose();
    }

    [Theory]
    [InlineData("checksum", 2, 2, "checksum")]
    [InlineData("record", 3, 3, "Malformed AMQP 1.0 message")]
    [InlineData("too many records", 2, 2, "holds 2 records and claims 3")]
    [InlineData("too few records", 2, 2, "holds 2 records and claims 1")]
    [InlineData("bomb", 2, 2, "the limit is")]
    [InlineData("codec", 2, 2, "packed with Zstandard")]
    [InlineData("half", 2, 2, "bytes of data")]
    public async Task What_cannot_be_read_stops_the_consumer_and_keeps_the_offset(string fault, long applied, long offset, string reason)
    {
        await node.AppendAsync(MeterService.Read(1), MeterService.Read(2));
        await StoreDamagedAsync(fault);
        await node.AppendAsync(MeterService.Read(5), MeterService.Read(6));
        for (var start = 0; start < 2; start++)
        {
            await using var service = await MeterService.StartAsync(node.Options(), directory.Path);
            await Eventually.ThatAsync("the consumer has stopped", async () => await service.StatusAsync() is { State: "stopped" });
            var status = (await service.StatusAsync())!;
            status.Error.ShouldNotBeNull().ShouldContain($"meters-0 at offset {offset}:");
            status.Error.ShouldContain(reason);

            (await service.StoredPositionAsync()).ShouldBe(applied);
            (await service.TallyAsync()).Events.ShouldBe(applied);
            status.Position.ShouldBe(applied);
            var health = await service.Monitor.CheckHealthAsync(new HealthCheckContext(), TestContext.Current.CancellationToken);
            health.Status.ShouldBe(HealthStatus.Unhealthy);
            health.Description.ShouldNotBeNull().ShouldContain(reason);
        }

        node.Repair(1, MeterService.Read(3), MeterService.Read(4));
        await using var again = await MeterService.StartAsync(node.Options(), directory.Path);
        await Eventually.ThatAsync("it has applied all six, each once", async () => await again.TallyAsync() == (6, 6));
        (await again.StoredPositionAsync()).ShouldBe(6);
    }

    [Fact]
    public async Task With_the_codec_a_packed_batch_is_read()
    {
        await node.AppendAsync(MeterService.Read(1));
        await node.AppendAsync(2, Zstandard(MeterService.Read(2), MeterService.Read(3)));
        var options = node.Options();
        options.Codecs = [new Reverse()];
        await using var service = await MeterService.StartAsync(options, directory.Path);
        await Eventually.ThatAsync("all three are applied", async () => await service.TallyAsync() == (3, 3));
    }

    [Fact]
    public async Task A_broker_that_sends_the_stream_away_again_and_again_is_read_in_the_end()
    {
        await node.AppendAsync(MeterService.Read(1));
        var refused = 0;
        node.Script = async (connection, command, _) =>
        {
            if (command == StreamCommand.Credit && connection.Name.Contains("read", StringComparison.Ordinal) && Interlocked.Increment(ref refused) <= 3)
            {
                await connection.SendAsync(Bytes.Frame(0x10).U16(6).Text("meters-0"));
                await connection.SendAsync(Bytes.Frame(0x10).U16(6).Text("meters-0"));
                return true;
            }

            return false;
        };
        await using var service = await MeterService.StartAsync(node.Options(), directory.Path);
        await Eventually.ThatAsync("three readers were sent away", () => refused > 3);
        await node.AppendAsync(MeterService.Read(2));
        await Eventually.ThatAsync("both are applied, each once", async () => await service.TallyAsync() == (2, 2));
    }

    private Task StoreDamagedAsync(string fault)
    {
        var (third, fourth) = (FakeNode.Encode(MeterService.Read(3)), FakeNode.Encode(MeterService.Read(4)));
        byte[][] entries = [Bytes.Entry(third), Bytes.Entry(fourth)];
        var sound = Bytes.Chunk(2, 2, entries);
        return node.StoreAsync(new FakeChunk(2, 2, fault switch
        {
            "checksum" => Bytes.With(sound, sound.Length - 3, (byte)'!'),
            "record" => Bytes.Chunk(2, 2, Bytes.Entry(third), Bytes.Entry(fourth.AsSpan(0, fourth.Length / 2))),
            "too many records" => Bytes.Chunk(2, 3, entries),
            "too few records" => Bytes.Chunk(2, 1, entries),
            "bomb" => Bytes.Chunk(2, 2, Bomb(), Bomb()),
            "codec" => Bytes.Chunk(2, 2, Zstandard(MeterService.Read(3), MeterService.Read(4))),
            "half" => sound[..^10],
            _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "No such fault."),
        }));
    }

    /// <summary>Below the limit of 64 MiB alone, above it with another.</summary>
    private static byte[] Bomb() => Bytes.Batch(gzip: true, FakeNode.Encode(MeterService.Read(3, new byte[40 << 20])));

    private static byte[] Zstandard(params EventEnvelope[] events)
    {
        var plain = Bytes.Batch(gzip: false, [.. events.Select(FakeNode.Encode)]);
        plain.AsSpan(11).Reverse();
        return Bytes.With(plain, 0, (byte)(0x80 | ((int)StreamCompression.Zstandard << 4)));
    }

    /// <summary>Stands for any codec: what it unpacks was turned round.</summary>
    private sealed class Reverse : ICompressionCodec
    {
        public StreamCompression Compression => StreamCompression.Zstandard;

        public int Unpack(ReadOnlySpan<byte> packed, Span<byte> destination)
        {
            packed.CopyTo(destination);
            destination[..packed.Length].Reverse();
            return packed.Length;
        }
    }
}
