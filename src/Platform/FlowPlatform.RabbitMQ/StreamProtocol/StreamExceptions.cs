using FlowPlatform.Log;

namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>The peer sent what the protocol doesn't allow: malformed, oversized or unknown. The connection is closed.</summary>
public sealed class StreamProtocolException : FlowException
{
    /// <summary>Creates it.</summary>
    public StreamProtocolException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>A connection could not be opened, or has ended.</summary>
public sealed class StreamConnectionException : FlowException
{
    /// <summary>Creates it.</summary>
    public StreamConnectionException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>The broker answered a command with an error. The connection goes on.</summary>
public sealed class StreamResponseException : FlowException
{
    /// <summary>Creates it.</summary>
    /// <param name="command">What was asked.</param>
    /// <param name="code">What was answered.</param>
    /// <param name="subject">Stream, publisher or user that it was about.</param>
    public StreamResponseException(StreamCommand command, StreamResponseCode code, string subject)
        : base($"The broker answered {command} of '{subject}' with {code} ({(ushort)code}).")
    {
        Command = command;
        Code = code;
        Subject = subject;
    }

    /// <summary>What was asked.</summary>
    public StreamCommand Command { get; }

    /// <summary>What was answered.</summary>
    public StreamResponseCode Code { get; }

    /// <summary>Stream, publisher or user that it was about.</summary>
    public string Subject { get; }
}

/// <summary>The broker is too old for what was asked.</summary>
public sealed class StreamNotSupportedException : FlowException
{
    /// <summary>Creates it.</summary>
    /// <param name="feature">What it can't do.</param>
    /// <param name="since">First version of RabbitMQ that can.</param>
    /// <param name="version">The broker's version; null if it doesn't say.</param>
    /// <param name="inner">What told it, if anything did.</param>
    public StreamNotSupportedException(string feature, Version since, Version? version, Exception? inner = null)
        : base($"{feature} needs RabbitMQ {since}; the broker is {(version is null ? "of an unknown version" : version)}.", inner)
    {
        Feature = feature;
        Since = since;
    }

    /// <summary>What it can't do.</summary>
    public string Feature { get; }

    /// <summary>First version of RabbitMQ that can.</summary>
    public Version Since { get; }
}

/// <summary>TLS failed: the broker's certificate is not trusted, has another name or is expired, or ours was refused.</summary>
public sealed class StreamTlsException : FlowException
{
    /// <summary>Creates it.</summary>
    public StreamTlsException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>A chunk is damaged or uses what this client can't read.</summary>
public class ChunkException : FlowException
{
    /// <summary>Creates it.</summary>
    /// <param name="firstOffset">Offset of the chunk's first record; -1 if even that can't be read.</param>
    /// <param name="reason">What is wrong.</param>
    /// <param name="inner">What found it, if anything did.</param>
    public ChunkException(long firstOffset, string reason, Exception? inner = null)
        : base(firstOffset < 0 ? $"A chunk can't be read: {reason}" : $"The chunk at offset {firstOffset} can't be read: {reason}", inner)
    {
        FirstOffset = firstOffset;
        Reason = reason;
    }

    /// <summary>Offset of the chunk's first record; -1 if even that can't be read.</summary>
    public long FirstOffset { get; }

    /// <summary>What is wrong.</summary>
    public string Reason { get; }
}

/// <summary>A sub-entry batch is packed in a way that no codec is registered for. The chunk is sound: with the codec it can be read.</summary>
public sealed class MissingCodecException : ChunkException
{
    /// <summary>Creates it.</summary>
    /// <param name="firstOffset">Offset of the chunk's first record.</param>
    /// <param name="compression">How it is packed.</param>
    public MissingCodecException(long firstOffset, StreamCompression compression)
        : base(firstOffset, $"a sub-entry batch is packed with {compression}; none and Gzip are read without help. Register an {nameof(ICompressionCodec)} for it with the options' Codecs.") =>
        Compression = compression;

    /// <summary>How it is packed.</summary>
    public StreamCompression Compression { get; }
}
