using MassTransit;
using Microsoft.Extensions.Configuration;

namespace FlowPlatform.RabbitMQ.Commands;

/// <summary>Where commands wait for their handlers, and the bounds of handling them.</summary>
/// <param name="Concurrency">Commands of a kind that run at a time.</param>
internal abstract record CommandTransport(int Concurrency)
{
    private const int DefaultConcurrency = 64;
    private const int MaxConcurrency = 1024;

    /// <summary>For the queues to be declared, and for a batch to be confirmed.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a command is retried in one delivery before it goes to the end of its queue.</summary>
    public TimeSpan MaxStay { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether what was sent outlives this process.</summary>
    public abstract bool KeepsCommands { get; }

    /// <summary>Completes when it can be reached.</summary>
    public abstract Task ProbeAsync(CancellationToken cancellationToken);

    /// <summary>Where a command is sent.</summary>
    public virtual Uri AddressOf(string command) => new($"queue:{command}");

    /// <summary>Sets up a queue that is read.</summary>
    public virtual void Configure(IReceiveEndpointConfigurator queue)
    {
    }

    /// <summary>Makes the bus on it.</summary>
    /// <param name="name">What the broker's tools show.</param>
    /// <param name="lost">To be called when its connection is lost; more than once does no harm.</param>
    /// <param name="configure">Adds the queues.</param>
    public abstract IBusControl CreateBus(string name, Action lost, Action<IBusFactoryConfigurator> configure);

    /// <summary>Reads <c>FLOW_COMMAND_CONCURRENCY</c>.</summary>
    /// <exception cref="InvalidOperationException">It is out of bounds.</exception>
    public static int ReadConcurrency(IConfiguration configuration)
    {
        var concurrency = configuration.GetValue("FLOW_COMMAND_CONCURRENCY", DefaultConcurrency);
        return concurrency is >= 1 and <= MaxConcurrency
            ? concurrency
            : throw new InvalidOperationException($"FLOW_COMMAND_CONCURRENCY is {concurrency}; 1 to {MaxConcurrency} is possible.");
    }
}
