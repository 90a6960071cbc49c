using MassTransit;

namespace FlowPlatform.RabbitMQ.Commands;

/// <summary>
/// Queues in this process's memory, for a service that runs without a broker: commands go only to the service that sent them (rule M1). They go with the process; their outbox rows stay until they are handled.
/// </summary>
internal sealed record InMemoryTransport(int Concurrency) : CommandTransport(Concurrency)
{
    public override bool KeepsCommands => false;

    public override Task ProbeAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override IBusControl CreateBus(string name, Action lost, Action<IBusFactoryConfigurator> configure) => Bus.Factory.CreateUsingInMemory(configure);

    public override string ToString() => "this process's memory";
}
