using FlowPlatform.Commands;
using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace FlowPlatform.Hosting;

/// <summary>Declares what flows through a service. Used once, at start; not safe for concurrent use.</summary>
public sealed class FlowBuilder
{
    private readonly FlowDefinition definition;

    internal FlowBuilder(FlowDefinition definition, IServiceCollection services, IConfiguration configuration)
    {
        this.definition = definition;
        Services = services;
        Configuration = configuration;
    }

    internal FlowDefinition Definition => definition;

    /// <summary>Name of the service.</summary>
    public string Service => definition.Service;

    /// <summary>The host's services, for extensions that choose a store, a log or a command bus.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The host's configuration.</summary>
    public IConfiguration Configuration { get; }

    /// <summary>
    /// The directory of the embedded log, from <c>ConnectionStrings:embedded-log</c> (or <c>embedded_log</c>, for shells); null if it is not set. Where it is set, it stands in for the broker:
    /// the store's package brings the log, and the broker's package keeps commands in memory.
    /// </summary>
    public string? EmbeddedLog => (Configuration.GetConnectionString("embedded-log") ?? Configuration.GetConnectionString("embedded_log")) is { Length: > 0 } directory ? directory : null;

    /// <summary>The service is the one producer of a stream (rule P1), for events of <typeparamref name="TEvent"/> and derived types.</summary>
    /// <param name="stream">Name of the stream.</param>
    /// <param name="partitions">Number of partitions, fixed for the life of the stream (rule C8); default 3.</param>
    /// <param name="configure">Retention, where events shall not be kept for ever.</param>
    public FlowBuilder Publishes<TEvent>(string stream, int partitions = 3, Func<StreamDefinition, StreamDefinition>? configure = null)
    {
        var declared = new StreamDefinition(stream, partitions);
        definition.Published.Add(typeof(TEvent), configure?.Invoke(declared) ?? declared);
        return this;
    }

    /// <summary>Adds a projection: a private read model of its own.</summary>
    /// <param name="from">The streams that it folds.</param>
    public FlowBuilder Projection<TProjection>(params string[] from)
        where TProjection : Projection
    {
        AddConsumer(typeof(TProjection), from);
        Services.AddSingleton(provider => new ProjectionReader<TProjection>(provider.GetRequiredService<FlowRuntime>()));
        return this;
    }

    /// <summary>Adds a reactor.</summary>
    /// <param name="from">The streams that it reacts to.</param>
    public FlowBuilder Reactor<TReactor>(params string[] from)
        where TReactor : Reactor
    {
        AddConsumer(typeof(TReactor), from);
        return this;
    }

    /// <summary>Adds the handler of a command that this service sends to itself (rule M1).</summary>
    public FlowBuilder Command<TCommand, TOutcome, THandler>()
        where TCommand : class
        where THandler : CommandHandler<TCommand, TOutcome>
    {
        var name = CommandType.NameOf(typeof(TCommand));
        if (definition.Commands.Any(command => command.Name == name))
        {
            throw new InvalidOperationException($"Command '{name}' has a handler already.");
        }

        Services.AddScoped<THandler>();
        definition.Commands.Add(new CommandDefinition<TCommand, TOutcome, THandler>(name));
        return this;
    }

    private void AddConsumer(Type type, string[] from)
    {
        if (from.Length == 0 || from.Distinct(StringComparer.Ordinal).Count() != from.Length)
        {
            throw new ArgumentException($"{type.Name} needs the names of the streams it reads, each once.");
        }

        if (definition.Consumers.Any(consumer => consumer.Type == type))
        {
            throw new InvalidOperationException($"{type.Name} is added twice.");
        }

        Services.AddSingleton(type);
        definition.Consumers.Add(new ConsumerDefinition(type, from));
    }
}
