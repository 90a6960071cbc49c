using System.Runtime.CompilerServices;
using FlowPlatform.Commands;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using MassTransit;

namespace FlowPlatform.RabbitMQ.Commands;

/// <summary>Sends commands to their queues, many at a time, and waits for the broker's confirms. Safe for concurrent use.</summary>
internal sealed class MassTransitCommandBus(CommandBusHost host, CommandTransport transport, TimeProvider clock) : ICommandBus
{
    public string MessagingSystem => KeepsCommands ? "rabbitmq" : "flow";

    public bool KeepsCommands => transport.KeepsCommands;

    public async Task SendAsync(IReadOnlyList<PendingCommand> commands, CancellationToken cancellationToken)
    {
        var connected = await host.WhenReadyAsync(cancellationToken);
        await host.TakeRoomAsync(commands.Count, cancellationToken);
        var sent = new StrongBox<int>();
        try
        {
            await SendAllAsync(connected, commands, sent, cancellationToken);
        }
        catch
        {
            // All of them come again; those that were sent give their room back when they are handled.
            host.GiveRoom(commands.Count - Volatile.Read(ref sent.Value));
            throw;
        }
    }

    private async Task SendAllAsync(ConnectedBus connected, IReadOnlyList<PendingCommand> commands, StrongBox<int> sent, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(transport.Limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, connected.Lost, cancellationToken);
        try
        {
            await Task.WhenAll(commands.Select(command => SendAsync(connected.Bus, transport.AddressOf(command.Name), command, sent, either.Token)));
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EventLogUnavailableException(
                connected.Lost.IsCancellationRequested
                    ? $"The connection to the queues at {transport} was lost before all of {commands.Count} commands were confirmed."
                    : $"The queues at {transport} didn't confirm {commands.Count} commands within {transport.Limit.TotalSeconds:0} s.",
                late);
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            throw new EventLogUnavailableException($"The queues at {transport} didn't take a command: {failed.GetBaseException().Message}", failed);
        }
    }

    private static async Task SendAsync(IBus bus, Uri address, PendingCommand command, StrongBox<int> sent, CancellationToken cancellationToken)
    {
        var queue = await bus.GetSendEndpoint(address).WaitAsync(cancellationToken);
        await queue.Send(
            CommandMessage.Of(command),
            send =>
            {
                send.MessageId = command.Id;
                CommandConsumer.MustArrive(send);
            },
            cancellationToken);
        Interlocked.Increment(ref sent.Value);
    }
}
