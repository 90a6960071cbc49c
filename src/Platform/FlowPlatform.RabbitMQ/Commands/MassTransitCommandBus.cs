using FlowPlatform.Commands;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using MassTransit;

namespace FlowPlatform.RabbitMQ.Commands;

/// <summary>Sends commands to their queues, many at a time, and waits for the broker's confirms. Safe for concurrent use.</summary>
internal sealed class MassTransitCommandBus(CommandBusHost host, CommandBusSettings settings, TimeProvider clock) : ICommandBus
{
    public string MessagingSystem => "rabbitmq";

    public async Task SendAsync(IReadOnlyList<PendingCommand> commands, CancellationToken cancellationToken)
    {
        var bus = await host.WhenReadyAsync(cancellationToken);
        using var limit = new CancellationTokenSource(settings.Limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await Task.WhenAll(commands.Select(command => SendAsync(bus, command, either.Token)));
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EventLogUnavailableException($"RabbitMQ didn't confirm {commands.Count} commands within {settings.Limit.TotalSeconds:0} s.", late);
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            throw new EventLogUnavailableException($"RabbitMQ didn't take a command: {failed.GetBaseException().Message}", failed);
        }
    }

    private static async Task SendAsync(IBus bus, PendingCommand command, CancellationToken cancellationToken)
    {
        var queue = await bus.GetSendEndpoint(new Uri($"queue:{command.Name}")).WaitAsync(cancellationToken);
        await queue.Send(
            CommandMessage.Of(command),
            send =>
            {
                send.MessageId = command.Id;
                // Without it a message that no queue takes would be confirmed, and gone.
                send.GetPayload<RabbitMqSendContext>().Mandatory = true;
            },
            cancellationToken);
    }
}
