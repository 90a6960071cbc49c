using FlowPlatform.Benchmarks.Measuring;
using FlowPlatform.Benchmarks.Running;
using FlowPlatform.Log;

namespace FlowPlatform.Benchmarks.Scenarios;

/// <summary>Publishing with confirms to one partition.</summary>
internal sealed class Publishing() : Scenario(
    "publish",
    "The same events to a stream of the same broker, every one confirmed: our client of the stream protocol (named producer, de-duplicated) against RabbitMQ.Client over AMQP 0.9.1 (5,000 under way, confirms counted by hand).")
{
    private const int InFlight = 4;

    public override async Task<Result> RunAsync(Bench bench)
    {
        await using var log = bench.OpenLog();
        return await MeasureAsync(
            bench,
            new("RabbitMQ.Client", () => AmqpAsync(bench, log, bench.Count(40_000))),
            new("1,000 events a call, 4 calls under way", () => NativeAsync(bench, log, bench.Count(300_000), 1_000, InFlight)),
            new("100 events a call, 4 calls under way", () => NativeAsync(bench, log, bench.Count(200_000), 100, InFlight)),
            new("10 events a call, 4 calls under way", () => NativeAsync(bench, log, bench.Count(40_000), 10, InFlight)));
    }

    private static async Task<IReadOnlyList<Sample>> AmqpAsync(Bench bench, IEventLog log, int count)
    {
        var stream = await bench.CreateStreamAsync(log, "publish", 1);
        await using var publisher = await AmqpPublisher.OpenAsync(bench, new PartitionId(stream.Name, 0).Name);
        var messages = AmqpPublisher.Prepare(Envelopes(count));
        var stretch = new Stretch();
        await publisher.PublishAsync(messages);
        return stretch.End("publish", count);
    }

    private static async Task<IReadOnlyList<Sample>> NativeAsync(Bench bench, IEventLog log, int count, int size, int inFlight)
    {
        var stream = await bench.CreateStreamAsync(log, "publish", 1);
        await using var writer = await log.OpenWriterAsync(new PartitionId(stream.Name, 0), "benchmarks/1", CancellationToken.None);
        var batches = Envelopes(count).Chunk(size).ToList();
        var stretch = new Stretch();
        var appending = new Queue<Task>();
        foreach (var batch in batches)
        {
            if (appending.Count == inFlight)
            {
                await appending.Dequeue();
            }

            appending.Enqueue(writer.AppendAsync(batch, CancellationToken.None));
        }

        await Task.WhenAll(appending);
        return stretch.End("publish", count);
    }

    private static IEnumerable<EventEnvelope> Envelopes(int count) => Sales.Of(count).Select((sold, index) => Sales.Envelope(sold, "benchmarks/1", index + 1));
}
