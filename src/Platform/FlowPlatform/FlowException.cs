namespace FlowPlatform;

/// <summary>Base of everything that goes wrong in the platform.</summary>
public abstract class FlowException : Exception
{
    /// <summary>Creates it.</summary>
    protected FlowException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
