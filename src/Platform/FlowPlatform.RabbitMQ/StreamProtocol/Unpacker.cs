using System.Buffers;
using System.IO.Compression;

namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>Unpacks sub-entry batches into pooled buffers. Safe for concurrent use.</summary>
/// <param name="maxBytes">Most bytes that the packed batches of one chunk may claim together.</param>
/// <param name="codecs">Besides gzip, which is built in.</param>
/// <param name="pool">Where chunks' buffers are from and go back to.</param>
internal sealed class Unpacker(int maxBytes, IReadOnlyList<ICompressionCodec> codecs, ArrayPool<byte> pool)
{
    // What deflate can make of a byte at most.
    private const long LargestGzipRatio = 1032;

    public int MaxBytes { get; } = maxBytes;

    public ArrayPool<byte> Pool { get; } = pool;

    /// <summary>The unpacked bytes in an array of the pool, which the caller returns.</summary>
    /// <exception cref="InvalidDataException">It is not what it claims to be.</exception>
    /// <exception cref="MissingCodecException">Nobody can unpack it.</exception>
    public byte[] Unpack(StreamCompression compression, ReadOnlySpan<byte> packed, int claimed, long offset)
    {
        var codec = codecs.FirstOrDefault(candidate => candidate.Compression == compression);
        if (codec is null && compression != StreamCompression.Gzip)
        {
            throw new MissingCodecException(offset, compression);
        }

        if (codec is null && claimed > (packed.Length * LargestGzipRatio) + 64)
        {
            throw new InvalidDataException($"claims {claimed:N0} bytes, more than gzip can make of {packed.Length:N0}");
        }

        // One byte more than claimed, so that gzip which unpacks to more is noticed.
        var unpacked = Pool.Rent(claimed + 1);
        try
        {
            var written = codec is null ? Gunzip(packed, unpacked.AsSpan(0, claimed + 1)) : Unpack(codec, packed, unpacked.AsSpan(0, claimed));
            return written == claimed
                ? unpacked
                : throw new InvalidDataException($"unpacks to {(written < 0 || written > claimed ? "more" : "less")} than the {claimed:N0} bytes it claims");
        }
        catch
        {
            Pool.Return(unpacked);
            throw;
        }
    }

    private static int Unpack(ICompressionCodec codec, ReadOnlySpan<byte> packed, Span<byte> destination)
    {
        try
        {
            return codec.Unpack(packed, destination);
        }
        catch (Exception e)
        {
            // Foreign code, which may throw anything at damaged data.
            throw new InvalidDataException($"is no {codec.Compression} data", e);
        }
    }

    private int Gunzip(ReadOnlySpan<byte> packed, Span<byte> destination)
    {
        var copy = Pool.Rent(packed.Length);
        try
        {
            packed.CopyTo(copy);
            using var gzip = new GZipStream(new MemoryStream(copy, 0, packed.Length, writable: false), CompressionMode.Decompress);
            return gzip.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException("is no gzip data", e);
        }
        finally
        {
            Pool.Return(copy);
        }
    }
}
