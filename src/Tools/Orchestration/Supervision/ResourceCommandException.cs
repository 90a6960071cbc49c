namespace FlowPlatform.Orchestration.Supervision;

/// <summary>Why a command was not carried out.</summary>
internal enum CommandFault
{
    /// <summary>There is no resource of that name.</summary>
    UnknownResource,

    /// <summary>There is no command of that name.</summary>
    UnknownCommand,

    /// <summary>A value of the request is missing or out of range.</summary>
    BadRequest,

    /// <summary>The resource is in a state in which that makes no sense.</summary>
    NotNow,

    /// <summary>That can't be done with this resource at all.</summary>
    NotPossible,

    /// <summary>The application stops.</summary>
    Stopping,
}

/// <summary>A command is not carried out. The message says why, for a user.</summary>
internal sealed class ResourceCommandException(CommandFault fault, string message) : Exception(message)
{
    public CommandFault Fault { get; } = fault;
}
