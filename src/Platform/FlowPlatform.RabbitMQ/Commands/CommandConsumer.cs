using FlowPlatform.Commands;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.RabbitMQ.Commands;

/// <summary>
/// Takes commands from their queues to their handlers. What passes by itself is retried here for a minute and then goes to the end of the queue, without limit: the broker closes a channel on
/// which a delivery is unanswered for 30 minutes, and the others get their turn. What doesn't pass is tried five times and then goes to the error queue. Safe for concurrent use.
/// </summary>
internal sealed partial class CommandConsumer(
    IServiceProvider services, CommandTransport transport, TimeProvider clock, ILogger<CommandConsumer> logger, CancellationToken stopping, CancellationToken aborting)
{
    private const int MaxFaults = 5;

    /// <returns>False if it went to the end of its queue, to be tried again.</returns>
    /// <exception cref="HandBackException">The service stops: the broker shall deliver it again.</exception>
    public async Task<bool> ConsumeAsync(CommandDefinition definition, ConsumeContext<CommandMessage> message)
    {
        var arrived = clock.GetTimestamp();
        var command = message.Message.ToCommand();
        var before = message.Headers.Get<int>(CommandMessage.AttemptsHeader) ?? 0;
        var faults = 0;
        for (var tries = 1; ; tries++)
        {
            try
            {
                stopping.ThrowIfCancellationRequested();
                await using var scope = services.CreateAsyncScope();
                await definition.HandleAsync(scope.ServiceProvider, command, before + tries, aborting);
                return true;
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                throw new HandBackException(command.Id);
            }
            catch (CommandRetryException later)
            {
                if (clock.GetElapsedTime(arrived) > transport.MaxStay)
                {
                    await SendToEndAsync(message, before + tries);
                    LogSentToEnd(command.Name, command.Id, before + tries, later.Message);
                    return false;
                }

                LogRetry(command.Name, command.Id, before + tries, later.Message);
            }
            catch (Exception fault) when (++faults < MaxFaults)
            {
                LogFault(fault, command.Name, command.Id, faults);
            }

            await Task.Delay(RetryDelay.After(tries), clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Without it RabbitMQ would confirm a message that no queue takes, and it would be gone.</summary>
    public static void MustArrive(SendContext send)
    {
        if (send.TryGetPayload<RabbitMqSendContext>(out var onBroker))
        {
            onBroker.Mandatory = true;
        }
    }

    private Task SendToEndAsync(ConsumeContext<CommandMessage> message, int attempts) =>
        message.Send(transport.AddressOf(message.Message.Name), message.Message, Pipe.Execute<SendContext<CommandMessage>>(send =>
        {
            send.MessageId = message.Message.Id;
            send.Headers.Set(CommandMessage.AttemptsHeader, attempts);
            MustArrive(send);
        }));

    [LoggerMessage(1, LogLevel.Debug, "{Command} {Id} is tried again after attempt {Attempt}: {Reason}")]
    private partial void LogRetry(string command, Guid id, int attempt, string reason);

    [LoggerMessage(2, LogLevel.Warning, "{Command} {Id} goes to the end of its queue after {Attempts} attempts: {Reason}")]
    private partial void LogSentToEnd(string command, Guid id, int attempts, string reason);

    [LoggerMessage(3, LogLevel.Warning, "{Command} {Id} failed, fault {Fault}")]
    private partial void LogFault(Exception exception, string command, Guid id, int fault);
}
