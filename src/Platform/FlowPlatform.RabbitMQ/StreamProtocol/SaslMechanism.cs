namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>How to prove who we are.</summary>
public enum SaslMechanism
{
    /// <summary>User and password.</summary>
    Plain,

    /// <summary>The TLS client certificate; the broker takes the user from it (plugin <c>rabbitmq_auth_mechanism_ssl</c>).</summary>
    External,
}
