using FlowPlatform.Commands;
using FlowPlatform.Outbox;
using FlowPlatform.Stores;

namespace FlowPlatform.Hosting;

/// <content>The relays: of several replicas one publishes, and one sends commands. That is efficiency only: what two of them send, the log and the inbox drop (rules P4, M1).</content>
public sealed partial class FlowRuntime
{
    private Func<CancellationToken, Task> HoldAsync(LeaseUnit unit, Func<CancellationToken, Task> run) =>
        cancel => Ownership.HoldAsync(unit, store, mayRun => WaitForStoreAsync(run, mayRun), cancel);

    /// <summary>A relay reads again where its database was away.</summary>
    private async Task WaitForStoreAsync(Func<CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(clock);
        while (true)
        {
            try
            {
                await run(cancellationToken);
                return;
            }
            catch (Exception passing) when (passing is StoreBusyException or CommitOutcomeUnknownException)
            {
                relayTrouble = passing.Message;
                await backoff.WaitAsync(cancellationToken);
                relayTrouble = null;
            }
        }
    }

    private async Task PublishAsync(CancellationToken cancellationToken)
    {
        relay = new OutboxRelay(log, store.Outbox, definition.Published, clock);
        try
        {
            await relay.RunAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            // Another replica publishes from now on.
            relay = null;
            throw;
        }
    }

    private async Task SendAsync(ICommandBus bus, CancellationToken cancellationToken)
    {
        commands = new CommandRelay(store.Outbox, bus, clock);
        try
        {
            await commands.RunAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            commands = null;
            throw;
        }
    }
}
