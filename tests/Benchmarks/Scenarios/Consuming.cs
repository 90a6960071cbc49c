using FlowPlatform.Benchmarks.Measuring;
using FlowPlatform.Benchmarks.Running;
using FlowPlatform.Log;

namespace FlowPlatform.Benchmarks.Scenarios;

/// <summary>Reading one partition from its beginning, connecting included.</summary>
internal sealed class Consuming() : Scenario(
    "consume",
    "One partition from its beginning, every event decoded and counted, connecting included: our client of the stream protocol against RabbitMQ.Client over AMQP 0.9.1 (prefetch 1,000). Chunks have 1,000 events where we wrote them, some 50 where RabbitMQ.Client did.")
{
    public override async Task<Result> RunAsync(Bench bench)
    {
        await using var log = bench.OpenLog();
        var (few, many) = (bench.Count(60_000), bench.Count(400_000));
        var ours = await bench.CreateStreamAsync(log, "consume", 1);
        await Sales.FillAsync(log, ours, many);
        var theirs = await bench.CreateStreamAsync(log, "consume-amqp", 1);
        await using (var publisher = await AmqpPublisher.OpenAsync(bench, Partition(theirs).Name))
        {
            await publisher.PublishAsync(AmqpPublisher.Prepare(Sales.Of(few).Select((sold, index) => Sales.Envelope(sold, "benchmarks/1", index + 1))));
        }

        return await MeasureAsync(
            bench,
            new("RabbitMQ.Client, stream written by us", () => AmqpAsync(bench, ours, few)),
            new("ours, stream written by us", () => NativeAsync(log, ours, many)),
            new("RabbitMQ.Client, stream written by it", () => AmqpAsync(bench, theirs, few)),
            new("ours, stream written by RabbitMQ.Client", () => NativeAsync(log, theirs, few)));
    }

    private static PartitionId Partition(StreamDefinition stream) => new(stream.Name, 0);

    private static async Task<IReadOnlyList<Sample>> AmqpAsync(Bench bench, StreamDefinition stream, int count)
    {
        var stretch = new Stretch();
        await AmqpReader.ReadAsync(bench, Partition(stream).Name, count);
        return stretch.End("consume", count);
    }

    private static async Task<IReadOnlyList<Sample>> NativeAsync(IEventLog log, StreamDefinition stream, int count)
    {
        var stretch = new Stretch();
        await using var reader = await log.OpenReaderAsync(Partition(stream), LogPosition.First, CancellationToken.None);
        for (var read = 0; read < count;)
        {
            using var batch = await reader.ReadAsync(CancellationToken.None);
            read += batch.Records.Count;
        }

        return stretch.End("consume", count);
    }
}
