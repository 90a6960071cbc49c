using FlowPlatform.Hosting;
using FlowPlatform.RabbitMQ.Commands;
using Microsoft.Extensions.DependencyInjection;

namespace FlowPlatform.RabbitMQ;

/// <summary>Chooses RabbitMQ for a flow.</summary>
public static class RabbitMqFlowExtensions
{
    /// <summary>
    /// Uses RabbitMQ Streams as the log, and queues of the same broker, by MassTransit, for commands. Reads <c>ConnectionStrings:rabbitmq</c> and, if set, <c>ConnectionStrings:rabbitmq-stream</c>; neither has to be reachable at start.
    /// </summary>
    public static FlowBuilder UseRabbitMq(this FlowBuilder flow)
    {
        flow.Services.AddRabbitMqEventLog(options => options.ConnectionName = flow.Service);
        return flow.UseRabbitMqCommands();
    }
}
