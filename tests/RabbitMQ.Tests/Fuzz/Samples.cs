using System.Buffers.Binary;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.Amqp;
using FlowPlatform.RabbitMQ.Tests.StreamProtocol;

namespace FlowPlatform.RabbitMQ.Tests.Fuzz;

/// <summary>Sound inputs to start from: recorded ones of a real broker, and some of every kind that it doesn't send by itself.</summary>
internal static class Samples
{
    /// <summary>Deliver frames as a broker sent them, without their size.</summary>
    public static IReadOnlyList<byte[]> Delivered { get; } = [.. Recorded()];

    /// <summary>Chunks: recorded, and with every kind of entry.</summary>
    public static IReadOnlyList<byte[]> Chunks { get; } =
    [
        .. Delivered.Select(frame => frame[(BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(2)) == 2 ? 13 : 5)..]),
        Bytes.Chunk(0, 1, Bytes.Entry(Message())),
        Bytes.Chunk(40, 5, Bytes.Entry(Message()), Bytes.Batch(false, Message(), Message()), Bytes.Batch(true, Message(), Message())),
    ];

    /// <summary>Messages: ours, and the smallest.</summary>
    public static IReadOnlyList<byte[]> Messages { get; } =
    [
        Message(),
        [0x00, 0x53, 0x75, 0xa0, 0x01, 0x7b],
        [0x00, 0x53, 0x73, 0xc0, 0x05, 0x01, 0x98, 1, 2, 3, 0x00, 0x53, 0x75, 0xb0, 0, 0, 0, 2, 1, 2],
        [0x00, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x74, 0xd1, 0, 0, 0, 4, 0, 0, 0, 0, 0x00, 0xa3, 0x10, .. "amqp:data:binary"u8, 0xa0, 0x00],
    ];

    /// <summary>Bodies of responses: strings, maps, metadata, versions, statistics.</summary>
    public static IReadOnlyList<byte[]> Responses { get; } =
    [
        new Bytes().U32(3).Text("orders-0").Text("orders-1").Text("").ToArray(),
        new Bytes().U32(2).Text("product").Text("RabbitMQ").Text("version").Text("4.0.5").ToArray(),
        new Bytes().U32(2).U16(0).Text("localhost").U32(5552).U16(1).Text("other").U32(5553).U32(1).Text("orders-0").U16(1).U16(0).U32(2).U16(0).U16(1).ToArray(),
        new Bytes().U32(2).U16(2).U16(1).U16(2).U16(8).U16(1).U16(2).ToArray(),
        new Bytes().U32(2).Text("first_chunk_id").U64(0).Text("committed_chunk_id").U64(-1).ToArray(),
    ];

    public static byte[] Message() => Encode(new EventEnvelope
    {
        Id = "019b76da-a800-7000-8000-000000000001", Type = "orders.placed.v1", Source = "orders", Key = "customer-1", Time = DateTimeOffset.UnixEpoch, CommittedAt = DateTimeOffset.UnixEpoch,
        TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", TraceState = "a=b", CorrelationId = "c", CausationId = "d", Sequence = 17, Data = "{\"order\":1}"u8.ToArray(),
    });

    public static byte[] Encode(EventEnvelope @event)
    {
        var size = EventEncoder.Measure(@event, "orders/0123456789abcdef");
        var bytes = new byte[size.Total];
        EventEncoder.Write(@event, "orders/0123456789abcdef", size, bytes);
        return bytes;
    }

    private static IEnumerable<byte[]> Recorded()
    {
        const string name = "javascript-chunks.bin";
        using var stream = typeof(Samples).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not embedded.");
        var prefix = new byte[sizeof(int)];
        while (stream.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false) == prefix.Length)
        {
            var frame = new byte[BinaryPrimitives.ReadInt32BigEndian(prefix)];
            stream.ReadExactly(frame);
            yield return frame;
        }
    }
}
