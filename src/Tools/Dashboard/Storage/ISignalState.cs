namespace FlowPlatform.Dashboard.Storage;

/// <summary>How the writing of a signal goes.</summary>
internal interface ISignalState
{
    /// <summary>Why nothing can be written; null while it can.</summary>
    string? Fault { get; }

    /// <summary>Size of what waits, in bytes as received.</summary>
    long WaitingBytes { get; }

    /// <summary>Beats after every commit.</summary>
    Pulse Written { get; }
}
