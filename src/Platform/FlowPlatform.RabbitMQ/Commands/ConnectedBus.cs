using MassTransit;

namespace FlowPlatform.RabbitMQ.Commands;

/// <summary>A bus whose queues are declared and read.</summary>
/// <param name="Bus">The bus.</param>
/// <param name="Lost">Fires when its connection is lost; nothing that was sent on it and not confirmed will be.</param>
internal sealed record ConnectedBus(IBusControl Bus, CancellationToken Lost);
