using System.Buffers;
using System.Buffers.Binary;

namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>
/// Cuts the incoming bytes into frames. A frame is collected in a pooled buffer that grows with what has really arrived,
/// so that a claimed size alone never makes it allocate. Deliver has a limit of its own (rule W2).
/// </summary>
internal sealed class FrameAssembler(int maxFrameBytes, int maxDeliverBytes, ArrayPool<byte> pool) : IDisposable
{
    private const int Prefix = sizeof(uint) + sizeof(ushort);
    private const int FirstRent = 64 * 1024;

    private byte[]? buffer;
    private int size;
    private int filled;

    /// <summary>True in the middle of a frame.</summary>
    public bool Partial => buffer is not null;

    /// <summary>
    /// Consumes bytes of <paramref name="input"/>. True: a frame is complete, without its size prefix; the caller returns the array to the pool.
    /// </summary>
    /// <exception cref="StreamProtocolException">The frame is too small or too large.</exception>
    public bool TryRead(ref ReadOnlySequence<byte> input, out byte[] frame, out int length)
    {
        frame = [];
        length = 0;
        if (buffer is null && !TryBegin(ref input))
        {
            return false;
        }

        while (filled < size && !input.IsEmpty)
        {
            var part = input.FirstSpan;
            part = part[..Math.Min(part.Length, size - filled)];
            EnsureRoom(part.Length);
            part.CopyTo(buffer.AsSpan(filled));
            filled += part.Length;
            input = input.Slice(part.Length);
        }

        if (filled < size)
        {
            return false;
        }

        frame = buffer!;
        length = size;
        buffer = null;
        return true;
    }

    public void Dispose()
    {
        if (buffer is not null)
        {
            pool.Return(buffer);
            buffer = null;
        }
    }

    private bool TryBegin(ref ReadOnlySequence<byte> input)
    {
        if (input.Length < Prefix)
        {
            return false;
        }

        Span<byte> prefix = stackalloc byte[Prefix];
        input.Slice(0, Prefix).CopyTo(prefix);
        var claimed = BinaryPrimitives.ReadUInt32BigEndian(prefix);
        var key = BinaryPrimitives.ReadUInt16BigEndian(prefix[sizeof(uint)..]);
        var limit = key == (ushort)StreamCommand.Deliver ? maxDeliverBytes : maxFrameBytes;
        if (claimed < 2 * sizeof(ushort))
        {
            throw new StreamProtocolException($"A frame of {claimed} bytes can't hold a command.");
        }

        if (claimed > (uint)limit)
        {
            throw new StreamProtocolException($"A frame with key 0x{key:x4} has {claimed:N0} bytes; the limit is {limit:N0}.");
        }

        input = input.Slice(sizeof(uint));
        size = (int)claimed;
        filled = 0;
        buffer = pool.Rent(Math.Min(size, FirstRent));
        return true;
    }

    private void EnsureRoom(int count)
    {
        if (filled + count <= buffer!.Length)
        {
            return;
        }

        var larger = pool.Rent(Math.Min(size, Math.Max(filled + count, buffer.Length * 2)));
        buffer.AsSpan(0, filled).CopyTo(larger);
        pool.Return(buffer);
        buffer = larger;
    }
}
