using MassTransit;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.RabbitMQ.Commands;

/// <summary>The service stops while a command is under way: the broker shall deliver it again.</summary>
internal sealed class HandBackException(Guid commandId) : FlowException($"The service stops; command {commandId} stays in its queue.");

/// <summary>Stands before the error queue: lets everything pass there, and says so, but what is handed back, which the transport then returns to the queue.</summary>
internal sealed partial class HandBackFilter(ILogger logger) : IFilter<ExceptionReceiveContext>
{
    public Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        if (context.Exception is HandBackException handBack)
        {
            throw handBack;
        }

        LogToErrorQueue(context.Exception, context.TransportHeaders.Get<string>(MessageHeaders.MessageId) ?? "?", context.InputAddress.AbsolutePath);
        return next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("handBack");

    [LoggerMessage(1, LogLevel.Error, "Command {Id} goes to the error queue of {Queue}")]
    private partial void LogToErrorQueue(Exception reason, string id, string queue);
}
