using FlowPlatform.Commands;
using FlowPlatform.Consumers;
using FlowPlatform.Stores;

namespace FlowPlatform.Hosting;

/// <summary>What flows through a service, as declared at start.</summary>
public sealed class FlowDefinition
{
    internal FlowDefinition(string service)
    {
        Service = service;
        Published = new PublishedStreams(service);
    }

    /// <summary>Name of the service.</summary>
    public string Service { get; }

    /// <summary>Streams that it publishes.</summary>
    public PublishedStreams Published { get; }

    /// <summary>Commands that it handles.</summary>
    public IReadOnlyList<CommandDefinition> AllCommands => Commands;

    /// <summary>How long a stop, or another replica that is to have a partition, waits for the batch in progress; then it is abandoned, and applied again from where it is committed.</summary>
    public TimeSpan StopTimeout { get; internal init; } = ConsumerDefinition.StopTimeout;

    /// <summary>Names of its consumers, in the order of their declaration.</summary>
    public IReadOnlyList<string> ConsumerNames => [.. Consumers.Select(consumer => Consumer.NameOf(consumer.Type))];

    /// <summary>Names of the streams that a consumer reads; none if there is no consumer of that name.</summary>
    public IReadOnlyList<string> StreamsOf(string consumer) => Consumers.Find(declared => Consumer.NameOf(declared.Type) == consumer)?.Streams ?? [];

    internal List<ConsumerDefinition> Consumers { get; } = [];

    internal List<CommandDefinition> Commands { get; } = [];
}

/// <summary>A projection or reactor and the streams it reads.</summary>
/// <param name="Type">Its CLR type.</param>
/// <param name="Streams">Names of the streams.</param>
public sealed record ConsumerDefinition(Type Type, IReadOnlyList<string> Streams)
{
    /// <summary>Default of the setting <c>FLOW_STOP_TIMEOUT</c>: 4 s.</summary>
    internal static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(4);
}
