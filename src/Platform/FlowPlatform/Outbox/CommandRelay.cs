using FlowPlatform.Commands;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using FlowPlatform.Telemetry;

namespace FlowPlatform.Outbox;

/// <summary>
/// Carries commands from the outbox to their queues. A row goes when its queue has confirmed it; where queues don't outlive the process, when it is handled, together with the inbox row (rule M1):
/// then every row that a process finds at its start is sent again. What is sent twice the inbox drops.
/// </summary>
internal sealed class CommandRelay(IOutbox outbox, ICommandBus bus, TimeProvider clock)
{
    private const int MaxCommands = 500;

    /// <summary>Why it doesn't send at present; null if it does.</summary>
    public string? Error { get; private set; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(clock);
        var sent = 0L;
        while (true)
        {
            try
            {
                var seen = outbox.CommandsAdded.Version;
                var commands = await outbox.ReadCommandsAsync(sent, MaxCommands, cancellationToken);
                if (commands.Count == 0)
                {
                    await outbox.CommandsAdded.WaitAsync(seen, cancellationToken);
                    continue;
                }

                await CommandTrace.SendAsync(commands, bus.MessagingSystem, traced => bus.SendAsync(traced, cancellationToken));
                if (bus.KeepsCommands)
                {
                    await outbox.RemoveCommandsAsync([.. commands.Select(command => command.Id)], cancellationToken);
                }
                else
                {
                    sent = commands[^1].Number;
                }
            }
            catch (Exception gone) when (gone is EventLogUnavailableException or StoreBusyException)
            {
                Error = gone.Message;
                await backoff.WaitAsync(cancellationToken);
                continue;
            }

            Error = null;
            backoff.Reset();
        }
    }
}
