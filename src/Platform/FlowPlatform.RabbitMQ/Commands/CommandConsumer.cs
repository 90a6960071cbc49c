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
    IServiceProvider services, CommandBusSettings settings, TimeProvider clock, ILogger<CommandConsumer> logger, CancellationToken stopping, CancellationToken aborting)
{
    private const int MaxFaults = 5;

    /// <exception cref="HandBackException">The service stops: the broker shall deliver it again.</exception>
    public async Task ConsumeAsync(CommandDefinition definition, ConsumeContext<CommandMessage> message)
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
                return;
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                throw new HandBackException(command.Id);
            }
            catch (CommandRetryException later)
            {
                if (clock.GetElapsedTime(arrived) > settings.MaxStay)
                {
                    await SendToEndAsync(message, before + tries);
                    LogSentToEnd(command.Name, command.Id, before + tries, later.Message);
                    return;
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

    private static Task SendToEndAsync(ConsumeContext<CommandMessage> message, int attempts) =>
        message.Send(new Uri($"queue:{message.Message.Name}"), message.Message, Pipe.Execute<SendContext<CommandMessage>>(send =>
        {
            send.MessageId = message.Message.Id;
            send.Headers.Set(CommandMessage.AttemptsHeader, attempts);
            send.GetPayload<RabbitMqSendContext>().Mandatory = true;
        }));

    [LoggerMessage(1, LogLevel.Debug, "{Command} {Id} is tried again after attempt {Attempt}: {Reason}")]
    private partial void LogRetry(string command, Guid id, int attempt, string reason);

    [LoggerMessage(2, LogLevel.Warning, "{Command} {Id} goes to the end of its queue after {Attempts} attempts: {Reason}")]
    private partial void LogSentToEnd(string command, Guid id, int attempts, string reason);

    [LoggerMessage(3, LogLevel.Warning, "{Command} {Id} failed, fault {Fault}")]
    private partial void LogFault(Exception exception, string command, Guid id, int fault);
}
