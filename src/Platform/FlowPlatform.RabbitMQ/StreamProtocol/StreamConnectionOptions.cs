using System.Buffers;

namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>How to connect to a broker node by the stream protocol.</summary>
public sealed class StreamConnectionOptions
{
    /// <summary>The node.</summary>
    public required StreamEndpoint Endpoint { get; init; }

    /// <summary>TLS; default: none, everything goes in the clear.</summary>
    public TlsOptions? Tls { get; init; }

    /// <summary>How to prove who we are; default <see cref="SaslMechanism.Plain"/>.</summary>
    public SaslMechanism Mechanism { get; init; } = SaslMechanism.Plain;

    /// <summary>User name; needed for <see cref="SaslMechanism.Plain"/>.</summary>
    public string User { get; init; } = string.Empty;

    /// <summary>Password; never logged, never part of a message.</summary>
    public string Password { get; init; } = string.Empty;

    /// <summary>Virtual host; default <c>/</c>.</summary>
    public string VirtualHost { get; init; } = "/";

    /// <summary>Name that the broker's tools show; default <c>flowplatform</c>.</summary>
    public string ConnectionName { get; init; } = "flowplatform";

    /// <summary>Limit for connecting, authentication included; default 10 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Limit for an answer and for a write that makes no progress; past it the connection is given up. Default 10 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Longest heartbeat to accept; the shorter one of ours and the broker's is used. After two silent intervals the connection is given up. Default 20 s; whole seconds, at least 1.
    /// </summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Limit for the rest of a frame once its first byte has come; default 2 min, which for the largest chunk is 0.5 MB/s.</summary>
    public TimeSpan FrameTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Largest frame to accept, other than a chunk, in bytes; default 1 MiB.</summary>
    public int MaxFrameBytes { get; init; } = 1024 * 1024;

    /// <summary>Largest chunk to accept, in bytes; default 64 MiB. Brokers don't hold chunks to the agreed frame size.</summary>
    public int MaxDeliverBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Most bytes that the sub-entry batches of one chunk may claim to unpack to, together; default 64 MiB.</summary>
    public int MaxUncompressedBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Codecs for sub-entry batches that are packed otherwise than with gzip; default none.</summary>
    public IReadOnlyList<ICompressionCodec> Codecs { get; init; } = [];

    /// <summary>The clock of all time limits.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where buffers for what comes in are from.</summary>
    internal ArrayPool<byte> Pool { get; init; } = ArrayPool<byte>.Shared;
}
