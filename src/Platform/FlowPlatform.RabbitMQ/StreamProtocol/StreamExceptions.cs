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

/// <summary>A chunk is damaged or uses what this client can't read.</summary>
public sealed class ChunkException : FlowException
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
