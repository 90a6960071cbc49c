using FlowPlatform.Log;
using FlowPlatform.Tests.Compliance;

namespace FlowPlatform.RabbitMQ.Tests;

public sealed class RabbitMqEventLogCompliance(BrokerFixture broker) : EventLogCompliance
{
    protected override int UndisposedBatches => new RabbitMqEventLogOptions().InitialCredit;

    protected override IReadOnlyDictionary<string, string> WriterEnvironment =>
        new Dictionary<string, string> { ["LOG_AMQP"] = broker.AmqpUri.OriginalString, ["LOG_STREAM"] = broker.StreamUri.OriginalString };

    protected override ValueTask<IEventLog> OpenLogAsync() => ValueTask.FromResult<IEventLog>(broker.OpenLog());

    protected override async ValueTask DeleteStreamAsync(StreamDefinition stream) => await broker.DeleteAsync(stream);
}
