using System.IO.Compression;
using System.Net;
using FlowPlatform.Dashboard.Logs;
using FlowPlatform.Dashboard.Metrics;
using FlowPlatform.Dashboard.Receiving;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Tests.Support;
using FlowPlatform.Dashboard.Traces;
using FlowPlatform.RabbitMQ.Tests.Fuzz;
using Google.Protobuf;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;

namespace FlowPlatform.Dashboard.Tests.Receiving;

/// <summary>Whatever comes is read or refused, allocates no more than its size allows, and harms nothing that is kept.</summary>
public sealed class FuzzTests
{
    /// <summary>An empty attribute takes 2 bytes, and some 100 with its place in a list.</summary>
    private const long PerByte = 128;

    private static readonly byte[] Traces = Unpack(Recorded.Read("javascript-traces.bin"));
    private static readonly byte[] Logs = Recorded.Read("javascript-logs.bin");
    private static readonly byte[] Metrics = Recorded.Read("javascript-metrics.bin");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Traces_are_read_or_refused() => Survives(Traces, OtlpLimits.Plain, static (ExportTraceServiceRequest request, int bytes) => TraceDecoder.Decode(request, bytes));

    [Fact]
    public void Logs_are_read_or_refused() => Survives(Logs, OtlpLimits.Plain, static (ExportLogsServiceRequest request, int bytes) => LogDecoder.Decode(request, bytes));

    [Fact]
    public void Metrics_are_read_or_refused() => Survives(Metrics, OtlpLimits.Metrics, static (ExportMetricsServiceRequest request, int bytes) => MetricDecoder.Decode(request, bytes));

    [Fact]
    public async Task What_was_read_can_be_written_and_found_again()
    {
        const int Requests = 600;
        await using var dashboard = await TestDashboard.StartAsync();
        var random = new Random(20_261);
        var programs = Enumerable.Range(0, Requests).Select(_ => Enumerable.Range(0, random.Next(2, 6)).Select(_ => random.Next(int.MinValue, int.MaxValue)).ToArray()).ToList();
        foreach (var program in programs)
        {
            foreach (var (signal, sample) in new[] { ("traces", Traces), ("logs", Logs), ("metrics", Metrics) })
            {
                using var answer = await dashboard.PostAsync(signal, Mutator.Apply([sample], program));
                answer.StatusCode.ShouldBeOneOf(HttpStatusCode.OK, HttpStatusCode.BadRequest, HttpStatusCode.RequestEntityTooLarge);
            }
        }

        await dashboard.KeepAsync(Otlp.Spans("last", Otlp.Span(Otlp.TraceNumber(1), 1)));
        await dashboard.KeepAsync(Otlp.Logs("last", Otlp.Log("last")));
        foreach (var signal in Enum.GetValues<Signal>())
        {
            dashboard.State(signal).Fault.ShouldBeNull();
            (await dashboard.ItemsAsync(signal, Outcome.NotWritten)).ShouldBe(0);
        }

        var (from, to) = (DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(290));
        var page = await dashboard.Get<TraceList>().FindAsync(dashboard.Run, new TraceFilter { Attribute = new("a", "b") }, null, 10, Cancel);
        page.SearchedTo.ShouldBeNull();
        foreach (var trace in (await dashboard.Get<TraceList>().FindAsync(dashboard.Run, new TraceFilter(), null, TraceList.MaxPage, Cancel)).Traces)
        {
            (await dashboard.Get<TraceDetails>().ReadAsync(dashboard.Run, trace.Id, Cancel)).ShouldNotBeNull();
        }

        (await dashboard.Get<ServiceMapReader>().ReadAsync(dashboard.Run, from, to, Cancel)).Services.ShouldNotBeEmpty();
        (await dashboard.Get<LogList>().FindAsync(dashboard.Run, new LogFilter(), null, LogList.MaxPage, Cancel)).Entries.ShouldNotBeEmpty();
        foreach (var instrument in await dashboard.Get<MetricReader>().InstrumentsAsync(dashboard.Run, Cancel))
        {
            var query = new MetricQuery { Instrument = instrument.Id, From = from, To = to, GroupBy = [] };
            await dashboard.Get<MetricReader>().QueryAsync(dashboard.Run, query, Cancel);
            await dashboard.Get<MetricReader>().ExemplarsAsync(dashboard.Run, query, Cancel);
            await dashboard.Get<MetricReader>().DimensionsAsync(dashboard.Run, instrument.Id, Cancel);
        }
    }

    private static void Survives<TRequest, TExport>(byte[] sample, OtlpLimits limits, Func<TRequest, int, Decoded<TExport>> decode)
        where TRequest : IMessage<TRequest>, new()
        where TExport : IExport
    {
        var queue = new SignalQueue<TExport>(1 << 20);
        var signal = new OtlpSignal<TRequest, TExport>("any", "/any", limits, decode, static (_, _) => new ExportTraceServiceResponse(), queue, new Intake());
        Fuzzing.Survives(
            [sample],
            bytes =>
            {
                signal.Take(bytes, bytes.Length);
                queue.Release(queue.Take(int.MaxValue));
            },
            static thrown => thrown is OtlpException,
            static length => length * PerByte);
    }

    private static byte[] Unpack(byte[] packed)
    {
        using var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        gzip.CopyTo(bytes);
        return bytes.ToArray();
    }
}
