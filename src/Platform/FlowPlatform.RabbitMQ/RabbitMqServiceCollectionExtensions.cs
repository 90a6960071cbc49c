using FlowPlatform.Log;
using FlowPlatform.RabbitMQ;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registration of the event log on RabbitMQ.</summary>
public static class RabbitMqServiceCollectionExtensions
{
    /// <summary>
    /// Registers <see cref="RabbitMqEventLog"/> as the <see cref="IEventLog"/>. Reads <c>ConnectionStrings:rabbitmq</c> (AMQP address) and, if set,
    /// <c>ConnectionStrings:rabbitmq-stream</c> or <c>ConnectionStrings:rabbitmq_stream</c> (stream address; default: the same host and credentials, port 5552),
    /// and <c>FLOW_BROKER_NODES</c> (on how many nodes of a cluster new streams are kept; default 1).
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Has the last word on the options.</param>
    public static IServiceCollection AddRabbitMqEventLog(this IServiceCollection services, Action<RabbitMqEventLogOptions>? configure = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IEventLog>(provider =>
        {
            var options = new RabbitMqEventLogOptions();
            Read(provider.GetRequiredService<IConfiguration>(), options);
            configure?.Invoke(options);
            return new RabbitMqEventLog(options, provider.GetRequiredService<TimeProvider>());
        });
        return services;
    }

    private static void Read(IConfiguration configuration, RabbitMqEventLogOptions options)
    {
        options.Nodes = BrokerNodes.Read(configuration);
        options.AmqpUri = Address(configuration, "rabbitmq");
        options.StreamUri = Address(configuration, "rabbitmq-stream") ?? Address(configuration, "rabbitmq_stream");
    }

    private static Uri? Address(IConfiguration configuration, string name)
    {
        var value = configuration.GetConnectionString(name);
        if (string.IsNullOrWhiteSpace(value))
        {
            return null;
        }

        // The value holds a password: it is never quoted.
        return Uri.TryCreate(value, UriKind.Absolute, out var uri) ? uri : throw new ArgumentException($"ConnectionStrings:{name} is no URI.", nameof(configuration));
    }
}
