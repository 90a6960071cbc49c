namespace FlowPlatform.Orchestration.Postgres;

/// <summary>A Postgres server could not be obtained, started or used. The message names the fault and the cure.</summary>
public sealed class PostgresServerException : Exception
{
    public PostgresServerException(string message)
        : base(message)
    {
    }

    public PostgresServerException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Whether it may pass by itself: a server that doesn't answer may be starting.</summary>
    public bool MayPass { get; init; }
}
