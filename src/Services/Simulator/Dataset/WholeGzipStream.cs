using System.Buffers.Binary;
using System.IO.Compression;

namespace Simulator.Dataset;

/// <summary>Unpacks gzip, and notices at the end if the file was cut short, which <see cref="GZipStream"/> passes over: the last four bytes are the unpacked length.</summary>
internal sealed class WholeGzipStream : Stream
{
    private readonly GZipStream unpacked;
    private readonly uint expected;
    private uint length;

    /// <summary>Starts at the beginning of a seekable stream, which stays open.</summary>
    public WholeGzipStream(Stream packed)
    {
        Span<byte> trailer = stackalloc byte[4];
        packed.Seek(-trailer.Length, SeekOrigin.End);
        packed.ReadExactly(trailer);
        expected = BinaryPrimitives.ReadUInt32LittleEndian(trailer);
        packed.Position = 0;
        unpacked = new GZipStream(packed, CompressionMode.Decompress, leaveOpen: true);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await unpacked.ReadAsync(buffer, cancellationToken), buffer.Length);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => Count(unpacked.Read(buffer, offset, count), count);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            unpacked.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Count(int read, int asked)
    {
        length = unchecked(length + (uint)read);
        return read > 0 || asked == 0 || length == expected
            ? read
            : throw new InvalidDataException("The compressed file ends before its contents do, or is made of several parts.");
    }
}
