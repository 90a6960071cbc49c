using FlowPlatform.Commands;
using FlowPlatform.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace FlowPlatform.RabbitMQ.Commands;

/// <summary>Registration of the command bus.</summary>
public static class RabbitMqCommandsExtensions
{
    /// <summary>
    /// Carries the service's commands over RabbitMQ with MassTransit: a durable queue per command, named like it, with <c>…_error</c> beside it for those that failed five times.
    /// Reads <c>ConnectionStrings:rabbitmq</c> (AMQP address) and <c>FLOW_COMMAND_CONCURRENCY</c> (commands of a kind at a time; default 64); where <c>FLOW_BROKER_NODES</c> is 3 or more, the queues are quorum queues on so many nodes. A service without commands connects to nothing.
    /// Where <see cref="FlowBuilder.EmbeddedLog"/> stands in for the broker, the queues are in memory: a command's outbox row then stays until it is handled, and is sent again when the service starts.
    /// </summary>
    public static FlowBuilder UseRabbitMqCommands(this FlowBuilder flow)
    {
        var services = flow.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<CommandTransport>(provider =>
        {
            var configuration = provider.GetRequiredService<IConfiguration>();
            return flow.EmbeddedLog is null ? CommandBusSettings.Read(configuration) : new InMemoryTransport(CommandTransport.ReadConcurrency(configuration));
        });
        services.AddSingleton<CommandBusHost>();
        services.AddSingleton<ICommandBus, MassTransitCommandBus>();
        services.AddHostedService(provider => provider.GetRequiredService<CommandBusHost>());
        services.AddHealthChecks().AddCheck<CommandBusHost>("commands");
        return flow;
    }
}
