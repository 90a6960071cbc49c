namespace FlowPlatform.Orchestration.Broker;

/// <summary>A broker could not be obtained, started or used. The message names the fault and the cure.</summary>
public sealed class BrokerException : Exception
{
    public BrokerException(string message)
        : base(message)
    {
    }

    public BrokerException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Whether it may pass by itself: a broker that doesn't answer may be starting.</summary>
    public bool MayPass { get; init; }
}
