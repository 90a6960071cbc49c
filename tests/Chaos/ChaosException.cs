namespace FlowPlatform.Chaos;

/// <summary>A run that can't go on; the message says why.</summary>
internal sealed class ChaosException : Exception
{
    public ChaosException(string message)
        : base(message)
    {
    }

    public ChaosException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
