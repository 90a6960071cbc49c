using System.Diagnostics;
using FlowPlatform.Benchmarks.Measuring;
using FlowPlatform.Benchmarks.Running;
using FlowPlatform.Log;
using FlowPlatform.Storage.EmbeddedLog;
using Microsoft.Extensions.DependencyInjection;

namespace FlowPlatform.Benchmarks.Scenarios;

/// <summary>What spans cost a consumer.</summary>
internal sealed class Tracing() : Scenario(
    "tracing",
    "A projection that does nothing, one event a transaction, on SQLite and the embedded log: processor time for each event, by how many of the producers were sampled. A span is sampled where its parent was. Making spans, not exporting them.")
{
    public override async Task<Result> RunAsync(Bench bench)
    {
        var count = bench.Count(4_000);
        return await MeasureAsync(
            bench,
            new("nobody listens", () => RunAsync(bench, count, listens: false, sampledEvery: 0)),
            new("listened to, none sampled", () => RunAsync(bench, count, listens: true, sampledEvery: 0)),
            new("1 % sampled", () => RunAsync(bench, count, listens: true, sampledEvery: 100)),
            new("all sampled", () => RunAsync(bench, count, listens: true, sampledEvery: 1)));
    }

    private static async Task<IReadOnlyList<Sample>> RunAsync(Bench bench, int count, bool listens, int sampledEvery)
    {
        using var directory = new TemporaryDirectory();
        await using var log = new EmbeddedEventLog(directory.Path, TimeProvider.System);
        var stream = new StreamDefinition("sales", 1);
        await log.EnsureStreamAsync(stream, CancellationToken.None);
        await using (var writer = await log.OpenWriterAsync(new PartitionId(stream.Name, 0), "benchmarks/1", CancellationToken.None))
        {
            foreach (var batch in Sales.Of(count).Select((sold, index) => Envelope(sold, index, sampledEvery)).Chunk(1_000))
            {
                await writer.AppendAsync(batch, CancellationToken.None);
            }
        }

        using var listener = new ActivityListener
        {
            ShouldListenTo = source => listens && source.Name.StartsWith("FlowPlatform", StringComparison.Ordinal),
            Sample = static (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
        };
        ActivitySource.AddActivityListener(listener);
        var progress = new CatchUp(count);
        var stretch = new Stretch();
        await using var service = await BenchService.StartAsync(bench, "sqlite", progress.Tap(new EmbeddedEventLog(directory.Path, TimeProvider.System)), flow =>
        {
            flow.Projection<Nothing>(stream.Name);
            flow.Services.AddSingleton(new Nothing(maxBatch: 1));
        });
        await progress.RateAsync();
        return [stretch.End("apply", count)[1]];
    }

    private static EventEnvelope Envelope(Sold sold, int index, int sampledEvery)
    {
        var plain = Sales.Envelope(sold, "benchmarks/1", index + 1);
        var flags = sampledEvery > 0 && index % sampledEvery == 0 ? "01" : "00";
        return new EventEnvelope
        {
            Id = plain.Id, Type = plain.Type, Source = plain.Source, Key = plain.Key, Time = plain.Time, CommittedAt = plain.CommittedAt, Producer = plain.Producer, Sequence = plain.Sequence, Data = plain.Data,
            TraceParent = $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-{flags}",
        };
    }
}
