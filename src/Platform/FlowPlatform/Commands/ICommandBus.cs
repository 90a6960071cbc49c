using FlowPlatform.Stores;

namespace FlowPlatform.Commands;

/// <summary>Carries commands from the outbox to their queues. Safe for concurrent use.</summary>
public interface ICommandBus
{
    /// <summary>Value of <c>messaging.system</c> in spans; default <c>flow</c>.</summary>
    string MessagingSystem => "flow";

    /// <summary>Whether what it took outlives the process; default true. If not, a command's outbox row stays until it is handled, and is sent again after a restart (rule M1).</summary>
    bool KeepsCommands => true;

    /// <summary>Sends commands and completes when their queues have confirmed them. Repeating is harmless: the inbox drops what was handled.</summary>
    /// <exception cref="Log.EventLogUnavailableException">The broker can't be reached; try again.</exception>
    Task SendAsync(IReadOnlyList<PendingCommand> commands, CancellationToken cancellationToken);
}
