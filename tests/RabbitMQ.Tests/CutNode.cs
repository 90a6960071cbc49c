using FlowPlatform.Log;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.RabbitMQ.Tests;

/// <summary>A node of a test class's own, which can lose what it had: its segment and index files are cut while it is stopped (rule X1: a kill alone loses nothing).</summary>
public sealed class CutNode : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private PrivateBrokerOptions options = null!;
    private PrivateBroker broker = null!;

    public async ValueTask InitializeAsync()
    {
        options = new PrivateBrokerOptions { DataDirectory = directory.Path };
        broker = await PrivateBroker.StartAsync(options, null, CancellationToken.None);
        options = options with { AmqpPort = broker.AmqpPort, StreamPort = broker.StreamPort };
    }

    public async ValueTask DisposeAsync()
    {
        await broker.DisposeAsync();
        directory.Dispose();
    }

    internal RabbitMqEventLogOptions Options() => new() { AmqpUri = new Uri(broker.AmqpUri), StreamUri = new Uri(broker.StreamUri) };

    /// <summary>Remembers what a partition holds now.</summary>
    /// <returns>Stops the node, takes away everything that came later, and starts it again on the same ports.</returns>
    internal Func<Task> Remember(PartitionId partition)
    {
        var lengths = Files(partition).ToDictionary(file => file, file => new FileInfo(file).Length);
        lengths.Count.ShouldBe(2, "a segment and its index");
        return async () =>
        {
            await broker.DisposeAsync();
            Files(partition).ShouldBe(lengths.Keys, ignoreOrder: true);
            foreach (var (file, length) in lengths)
            {
                using var stream = new FileStream(file, FileMode.Open);
                stream.Length.ShouldBeGreaterThan(length);
                stream.SetLength(length);
            }

            broker = await PrivateBroker.StartAsync(options, null, TestContext.Current.CancellationToken);
        };
    }

    private IEnumerable<string> Files(PartitionId partition) => Directory.EnumerateFiles(directory.Path, "*", SearchOption.AllDirectories)
        .Where(file => file.Contains($"/__{partition.Name}_", StringComparison.Ordinal) && Path.GetExtension(file) is ".segment" or ".index");
}
