using FlowPlatform.Hosting;
using FlowPlatform.RabbitMQ.Commands;
using Microsoft.Extensions.DependencyInjection;

namespace FlowPlatform.RabbitMQ;

/// <summary>Chooses RabbitMQ for a flow.</summary>
public static class RabbitMqFlowExtensions
{
    /// <summary>
    /// Uses RabbitMQ Streams as the log, and queues of the same broker, by MassTransit, for commands. Reads <c>ConnectionStrings:rabbitmq</c> and, if set, <c>ConnectionStrings:rabbitmq-stream</c>; neither has to be reachable at start.
    /// Where <see cref="FlowBuilder.EmbeddedLog"/> is set, it takes precedence: the log is the one that the store's package registers, no broker is used, and commands stay in memory.
    /// </summary>
    public static FlowBuilder UseRabbitMq(this FlowBuilder flow)
    {
        if (flow.EmbeddedLog is null)
        {
            flow.Services.AddRabbitMqEventLog(options => options.ConnectionName = flow.Service);
        }

        return flow.UseRabbitMqCommands();
    }
}
