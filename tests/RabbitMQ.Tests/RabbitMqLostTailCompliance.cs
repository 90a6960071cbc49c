using FlowPlatform.Log;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Tests.Compliance;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.RabbitMQ.Tests;

/// <summary>A node of its own, whose segment and index files are cut while it is stopped (rule X1: a kill alone loses nothing).</summary>
public sealed class RabbitMqLostTailCompliance : LostTailCompliance
{
    private readonly TemporaryDirectory directory = new();
    private PrivateBrokerOptions options = null!;
    private PrivateBroker broker = null!;

    protected override async ValueTask<IEventLog> StartAsync()
    {
        options = new PrivateBrokerOptions { DataDirectory = directory.Path };
        broker = await PrivateBroker.StartAsync(options, null, Token);
        options = options with { AmqpPort = broker.AmqpPort, StreamPort = broker.StreamPort };
        return new RabbitMqEventLog(new RabbitMqEventLogOptions { AmqpUri = new Uri(broker.AmqpUri), StreamUri = new Uri(broker.StreamUri) }, TimeProvider.System);
    }

    protected override async ValueTask StopAsync()
    {
        await broker.DisposeAsync();
        directory.Dispose();
    }

    protected override ValueTask<Func<Task>> RememberAsync(PartitionId partition)
    {
        var lengths = Files(partition).ToDictionary(file => file, file => new FileInfo(file).Length);
        lengths.Count.ShouldBe(2, "a segment and its index");
        return ValueTask.FromResult<Func<Task>>(async () =>
        {
            await broker.DisposeAsync();
            Files(partition).ShouldBe(lengths.Keys, ignoreOrder: true);
            foreach (var (file, length) in lengths)
            {
                using var stream = new FileStream(file, FileMode.Open);
                stream.Length.ShouldBeGreaterThan(length);
                stream.SetLength(length);
            }

            broker = await PrivateBroker.StartAsync(options, null, Token);
        });
    }

    private IEnumerable<string> Files(PartitionId partition) => Directory.EnumerateFiles(directory.Path, "*", SearchOption.AllDirectories)
        .Where(file => file.Contains($"/__{partition.Name}_", StringComparison.Ordinal) && Path.GetExtension(file) is ".segment" or ".index");
}
