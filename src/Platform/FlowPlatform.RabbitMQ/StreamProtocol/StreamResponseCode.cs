namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>What a broker answers to a command.</summary>
public enum StreamResponseCode : ushort
{
    /// <summary>Never sent.</summary>
    None = 0,

    /// <summary>Done.</summary>
    Ok = 1,

    /// <summary>There is no such stream.</summary>
    StreamDoesNotExist = 2,

    /// <summary>The connection has a subscription with this id.</summary>
    SubscriptionIdAlreadyExists = 3,

    /// <summary>The connection has no subscription with this id.</summary>
    SubscriptionIdDoesNotExist = 4,

    /// <summary>The stream exists already, with the same arguments.</summary>
    StreamAlreadyExists = 5,

    /// <summary>The stream has no leader or no member here at the moment.</summary>
    StreamNotAvailable = 6,

    /// <summary>The broker doesn't know the mechanism of authentication.</summary>
    SaslMechanismNotSupported = 7,

    /// <summary>User or password is wrong.</summary>
    AuthenticationFailure = 8,

    /// <summary>The authentication data is malformed.</summary>
    SaslError = 9,

    /// <summary>The mechanism wants another round.</summary>
    SaslChallenge = 10,

    /// <summary>The user may connect from the broker's own machine only.</summary>
    AuthenticationFailureLoopback = 11,

    /// <summary>There is no such virtual host, or the user has no access to it.</summary>
    VirtualHostAccessFailure = 12,

    /// <summary>The broker doesn't know the command.</summary>
    UnknownFrame = 13,

    /// <summary>The frame is larger than agreed.</summary>
    FrameTooLarge = 14,

    /// <summary>The broker failed.</summary>
    InternalError = 15,

    /// <summary>The user lacks the permission.</summary>
    AccessRefused = 16,

    /// <summary>Other arguments than the existing ones, an id in use, or publishing is blocked by an alarm.</summary>
    PreconditionFailed = 17,

    /// <summary>The connection has no publisher with this id.</summary>
    PublisherDoesNotExist = 18,

    /// <summary>No offset is stored.</summary>
    NoOffset = 19,

    /// <summary>The mechanism can't change during a connection.</summary>
    SaslCannotChangeMechanism = 20,

    /// <summary>The user can't change during a connection.</summary>
    SaslCannotChangeUsername = 21,
}
