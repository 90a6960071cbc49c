using FlowPlatform.Benchmarks.Measuring;
using FlowPlatform.Benchmarks.Running;
using FlowPlatform.Log;
using FlowPlatform.Storage.EmbeddedLog;

namespace FlowPlatform.Benchmarks.Scenarios;

/// <summary>The log without a broker.</summary>
internal sealed class Embedded() : Scenario("embedded", "The embedded log, one partition: appended with up to four calls under way until confirmed, then read from the beginning, every event decoded.")
{
    private const int InFlight = 4;

    public override async Task<Result> RunAsync(Bench bench) => await MeasureAsync(
        bench,
        new("1,000 events a call", () => RunAsync(bench.Count(200_000), 1_000)),
        new("100 events a call", () => RunAsync(bench.Count(200_000), 100)),
        new("10 events a call", () => RunAsync(bench.Count(50_000), 10)),
        new("1 event a call", () => RunAsync(bench.Count(10_000), 1)));

    private static async Task<IReadOnlyList<Sample>> RunAsync(int count, int size)
    {
        using var directory = new TemporaryDirectory();
        await using var log = new EmbeddedEventLog(directory.Path, TimeProvider.System);
        var stream = new StreamDefinition("sales", 1);
        await log.EnsureStreamAsync(stream, CancellationToken.None);
        var partition = new PartitionId(stream.Name, 0);
        var batches = Sales.Of(count).Select((sold, index) => Sales.Envelope(sold, "benchmarks/1", index + 1)).Chunk(size).ToList();
        IReadOnlyList<Sample> appended;
        await using (var writer = await log.OpenWriterAsync(partition, "benchmarks/1", CancellationToken.None))
        {
            var stretch = new Stretch();
            var appending = new Queue<Task>();
            foreach (var batch in batches)
            {
                if (appending.Count == InFlight)
                {
                    await appending.Dequeue();
                }

                appending.Enqueue(writer.AppendAsync(batch, CancellationToken.None));
            }

            await Task.WhenAll(appending);
            appended = stretch.End("append", count);
        }

        await using var reader = await log.OpenReaderAsync(partition, LogPosition.First, CancellationToken.None);
        var reading = new Stretch();
        for (var read = 0; read < count;)
        {
            using var batch = await reader.ReadAsync(CancellationToken.None);
            read += batch.Records.Count;
        }

        return [appended[0], reading.End("read", count)[0]];
    }
}
