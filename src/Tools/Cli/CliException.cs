namespace FlowPlatform.Cli;

/// <summary>How <c>flow</c> ends.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>A check failed, or something has stopped.</summary>
    public const int NotOk = 1;

    /// <summary>The command line is wrong, or not enough.</summary>
    public const int Misuse = 2;

    /// <summary>No running AppHost, or a service that does not answer.</summary>
    public const int Unreachable = 3;

    /// <summary>A service refused: the key, a conflict, something that it doesn't know.</summary>
    public const int Refused = 4;

    /// <summary>As of a process that Ctrl-C ended.</summary>
    public const int Interrupted = 130;
}

/// <summary>What was asked for can't be done; the message says why, and what to do.</summary>
internal sealed class CliException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
