using System.Text;
using FlowPlatform.Dashboard.Tests.Support;
using FlowPlatform.Log;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.RabbitMQ;

[assembly: AssemblyFixture(typeof(DashboardBroker))]

namespace FlowPlatform.Dashboard.Tests.Support;

/// <summary>The broker of the test run, from the first test that asks for it.</summary>
public sealed class DashboardBroker : IAsyncDisposable
{
    private readonly Lazy<Task<SharedTestBroker>> broker = new(() => SharedTestBroker.AcquireAsync(CancellationToken.None));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A log as a service has it.</summary>
    internal async Task<RabbitMqEventLog> OpenAsync(int? credit = null)
    {
        var options = new RabbitMqEventLogOptions { AmqpUri = new Uri((await broker.Value).AmqpUri), StreamUri = new Uri((await broker.Value).StreamUri) };
        options.InitialCredit = (ushort)(credit ?? options.InitialCredit);
        return new RabbitMqEventLog(options, TimeProvider.System);
    }

    /// <summary>The settings by which a dashboard finds it.</summary>
    internal async Task<(string Name, string Value)[]> SettingsAsync() =>
        [("ConnectionStrings:rabbitmq", (await broker.Value).AmqpUri), ("ConnectionStrings:rabbitmq-stream", (await broker.Value).StreamUri)];

    /// <summary>A new stream of a name that nobody else has.</summary>
    internal static async Task<string> CreateStreamAsync(IEventLog log, string name, int partitions)
    {
        var stream = $"{name}-{Guid.NewGuid():N}";
        await log.EnsureStreamAsync(new StreamDefinition(stream, partitions), Cancel);
        return stream;
    }

    /// <summary>Writes events, each call as one that is confirmed before it returns.</summary>
    internal static async Task AppendAsync(IEventLog log, PartitionId partition, params IReadOnlyList<EventEnvelope> events)
    {
        await using var writer = await log.OpenWriterAsync(partition, $"{partition.Stream}/1", Cancel);
        await writer.AppendAsync(events, Cancel);
    }

    internal static EventEnvelope Event(long sequence, string type = "orders.placed.v1", string key = "k", string? data = null, string? id = null, string? cause = null, string? conversation = null) => new()
    {
        Id = id ?? $"e-{sequence}",
        Type = type,
        Source = "tests",
        Key = key,
        Time = DateTimeOffset.UnixEpoch,
        CommittedAt = DateTimeOffset.UnixEpoch,
        Sequence = sequence,
        CausationId = cause,
        CorrelationId = conversation,
        Data = Encoding.UTF8.GetBytes(data ?? $$"""{"n":{{sequence}}}"""),
    };

    public async ValueTask DisposeAsync()
    {
        if (broker.IsValueCreated)
        {
            await (await broker.Value).DisposeAsync();
        }
    }
}
