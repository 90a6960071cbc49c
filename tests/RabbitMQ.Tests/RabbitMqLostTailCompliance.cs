using FlowPlatform.Log;
using FlowPlatform.Tests.Compliance;

namespace FlowPlatform.RabbitMQ.Tests;

/// <summary>On a node of its own.</summary>
public sealed class RabbitMqLostTailCompliance(CutNode node) : LostTailCompliance, IClassFixture<CutNode>
{
    protected override ValueTask<IEventLog> StartAsync() => ValueTask.FromResult<IEventLog>(new RabbitMqEventLog(node.Options(), TimeProvider.System));

    protected override ValueTask StopAsync() => ValueTask.CompletedTask;

    protected override ValueTask<Func<Task>> RememberAsync(PartitionId partition) => ValueTask.FromResult(node.Remember(partition));
}
