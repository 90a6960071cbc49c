using System.Buffers.Binary;

namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>Messages on their way to the broker, in one pooled buffer. Not safe for concurrent use.</summary>
public sealed class PublishFrame : IDisposable
{
    /// <summary>Bytes of a frame without any message, size prefix included.</summary>
    public const int FrameOverhead = 13;

    /// <summary>Bytes that each message has in front of it.</summary>
    public const int MessageOverhead = 12;

    private const int IdPosition = 8;
    private readonly FrameBuffer frame;

    /// <summary>Creates an empty frame.</summary>
    /// <param name="capacity">Expected size in bytes; it grows as needed.</param>
    public PublishFrame(int capacity)
    {
        frame = new FrameBuffer(StreamCommand.Publish, capacity);
        frame.Byte(0);
        frame.UInt32(0);
    }

    /// <summary>Number of messages so far.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes so far, size prefix included. Must not be more than <see cref="StreamConnection.FrameMax"/>.</summary>
    public int Bytes => frame.Length;

    /// <summary>Adds a message.</summary>
    /// <param name="publishingId">Ascending within the publisher.</param>
    /// <param name="length">Its size in bytes.</param>
    /// <returns>Where the caller writes the message, all of it, before the next call.</returns>
    public Span<byte> Add(ulong publishingId, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var span = frame.Reserve(MessageOverhead + length);
        BinaryPrimitives.WriteUInt64BigEndian(span, publishingId);
        BinaryPrimitives.WriteUInt32BigEndian(span[sizeof(ulong)..], (uint)length);
        Count++;
        return span[MessageOverhead..];
    }

    /// <summary>Returns the buffer to the pool.</summary>
    public void Dispose() => frame.Dispose();

    internal FrameBuffer Complete(StreamPublisher publisher)
    {
        frame.PatchByte(IdPosition, publisher.Id);
        frame.PatchUInt32(IdPosition + 1, (uint)Count);
        return frame;
    }
}
