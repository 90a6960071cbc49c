namespace FlowPlatform.Orchestration.Supervision;

/// <summary>One life of a resource, from its start to its end.</summary>
internal interface ISupervised
{
    /// <summary>Completes with the exit code.</summary>
    Task<int> Exited { get; }

    /// <summary>The process that runs; null if it isn't one process, or somebody else's.</summary>
    int? ProcessId => null;

    /// <summary>Asks it to end, and kills it after <paramref name="grace"/>.</summary>
    Task StopAsync(TimeSpan grace);

    void Kill();
}

/// <summary>A resource can't be started. The message names the fault and the cure.</summary>
internal sealed class StartFailedException(string message, Exception? innerException = null) : Exception(message, innerException);
