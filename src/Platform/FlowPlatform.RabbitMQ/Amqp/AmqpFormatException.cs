using FlowPlatform.Log;

namespace FlowPlatform.RabbitMQ.Amqp;

/// <summary>A message is no well-formed AMQP 1.0 message, or has no body that an event can be.</summary>
public sealed class AmqpFormatException : FlowException
{
    /// <summary>Creates it.</summary>
    /// <param name="position">Byte position in the message where it was noticed.</param>
    /// <param name="reason">What is wrong.</param>
    public AmqpFormatException(int position, string reason)
        : base($"Malformed AMQP 1.0 message at byte {position}: {reason}") => Position = position;

    /// <summary>Byte position in the message where it was noticed.</summary>
    public int Position { get; }
}
