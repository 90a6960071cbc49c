namespace FlowPlatform.Testing;

/// <summary>A test's expectation of a flow does not hold: not settled in time, a consumer stopped, a condition that never came true, a projection that depends on the interleaving. The message says all that is known.</summary>
public sealed class FlowTestException : Exception
{
    /// <summary>Creates it.</summary>
    /// <param name="message">What was expected, and what is.</param>
    /// <param name="inner">What caused it, e.g. the exception of a handler.</param>
    public FlowTestException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
