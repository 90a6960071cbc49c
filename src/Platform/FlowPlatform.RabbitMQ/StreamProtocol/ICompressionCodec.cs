namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>Compressions of sub-entry batches that the stream protocol numbers (its specification, Publish, SubEntryBatch). Gzip needs no codec.</summary>
public enum StreamCompression : byte
{
    /// <summary>Not packed.</summary>
    None = 0,

    /// <summary>Gzip; built in.</summary>
    Gzip = 1,

    /// <summary>Snappy.</summary>
    Snappy = 2,

    /// <summary>LZ4.</summary>
    Lz4 = 3,

    /// <summary>Zstandard.</summary>
    Zstandard = 4,
}

/// <summary>Unpacks sub-entry batches in a compression that .NET lacks. Register it with the options. Called from several threads.</summary>
public interface ICompressionCodec
{
    /// <summary>What it unpacks.</summary>
    StreamCompression Compression { get; }

    /// <summary>Unpacks. The claimed size is capped before; never write more than <paramref name="destination"/> holds.</summary>
    /// <param name="packed">The batch as it was stored.</param>
    /// <param name="destination">As many bytes as the batch claims to unpack to.</param>
    /// <returns>Bytes written; -1 if it unpacks to more than the destination holds.</returns>
    /// <exception cref="InvalidDataException">It is malformed.</exception>
    int Unpack(ReadOnlySpan<byte> packed, Span<byte> destination);
}
