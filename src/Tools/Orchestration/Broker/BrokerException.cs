namespace FlowPlatform.Orchestration.Broker;

/// <summary>A broker could not be obtained or started. The message names the fault and the cure.</summary>
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
}
