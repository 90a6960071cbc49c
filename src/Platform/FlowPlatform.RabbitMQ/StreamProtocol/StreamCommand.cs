namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>Commands of RabbitMQ's stream protocol that this client speaks. A response carries the same key with the top bit set.</summary>
public enum StreamCommand : ushort
{
    /// <summary>Registers a publisher on the connection.</summary>
    DeclarePublisher = 0x01,

    /// <summary>Messages of one publisher.</summary>
    Publish = 0x02,

    /// <summary>From the broker: these publishing ids are stored.</summary>
    PublishConfirm = 0x03,

    /// <summary>From the broker: these publishing ids were refused.</summary>
    PublishError = 0x04,

    /// <summary>Asks for the greatest publishing id that a reference has stored.</summary>
    QueryPublisherSequence = 0x05,

    /// <summary>Removes a publisher from the connection.</summary>
    DeletePublisher = 0x06,

    /// <summary>Starts the delivery of chunks.</summary>
    Subscribe = 0x07,

    /// <summary>From the broker: a chunk.</summary>
    Deliver = 0x08,

    /// <summary>Lets the broker send more chunks.</summary>
    Credit = 0x09,

    /// <summary>Keeps an offset for a reference; never answered.</summary>
    StoreOffset = 0x0a,

    /// <summary>Asks for the offset that was kept for a reference.</summary>
    QueryOffset = 0x0b,

    /// <summary>Ends the delivery of chunks.</summary>
    Unsubscribe = 0x0c,

    /// <summary>Creates a stream.</summary>
    Create = 0x0d,

    /// <summary>Deletes a stream.</summary>
    Delete = 0x0e,

    /// <summary>Asks where streams live.</summary>
    Metadata = 0x0f,

    /// <summary>From the broker: a stream moved or went away; its publishers and subscriptions are gone.</summary>
    MetadataUpdate = 0x10,

    /// <summary>Exchange of names and versions.</summary>
    PeerProperties = 0x11,

    /// <summary>Asks for the mechanisms of authentication.</summary>
    SaslHandshake = 0x12,

    /// <summary>Authenticates.</summary>
    SaslAuthenticate = 0x13,

    /// <summary>Agrees on the largest frame and the heartbeat.</summary>
    Tune = 0x14,

    /// <summary>Enters a virtual host.</summary>
    Open = 0x15,

    /// <summary>Says goodbye, from either side.</summary>
    Close = 0x16,

    /// <summary>Sign of life, from either side.</summary>
    Heartbeat = 0x17,

    /// <summary>Asks which streams of a super stream a routing key leads to.</summary>
    Route = 0x18,

    /// <summary>Asks for the streams of a super stream, in order.</summary>
    Partitions = 0x19,

    /// <summary>From the broker, to a single active consumer only, which this client never asks to be: it may start or must stop.</summary>
    ConsumerUpdate = 0x1a,

    /// <summary>Exchange of command versions; brokers from 3.11.</summary>
    ExchangeCommandVersions = 0x1b,

    /// <summary>Asks where a stream begins and ends; brokers from 3.11.</summary>
    StreamStats = 0x1c,
}
