using FlowPlatform.Commands;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using FlowPlatform.Telemetry;

namespace FlowPlatform.Outbox;

/// <summary>Carries commands from the outbox to their queues. A row goes when its queue has confirmed it; what is sent twice the inbox drops.</summary>
internal sealed class CommandRelay(IOutbox outbox, ICommandBus bus, TimeProvider clock)
{
    private const int MaxCommands = 500;

    /// <summary>Why it doesn't send at present; null if it does.</summary>
    public string? Error { get; private set; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(clock);
        while (true)
        {
            var seen = outbox.CommandsAdded.Version;
            var commands = await outbox.ReadCommandsAsync(MaxCommands, cancellationToken);
            if (commands.Count == 0)
            {
                await outbox.CommandsAdded.WaitAsync(seen, cancellationToken);
                continue;
            }

            try
            {
                await CommandTrace.SendAsync(commands, bus.MessagingSystem, traced => bus.SendAsync(traced, cancellationToken));
                await outbox.RemoveCommandsAsync([.. commands.Select(command => command.Id)], cancellationToken);
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
