using System.Net.Http.Headers;
using FlowPlatform.Dashboard.Storage;
using Google.Protobuf;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Metrics.V1;

namespace FlowPlatform.Benchmarks.Running;

/// <summary>What a dashboard has beside spans: log records of the last minutes, and a quarter of an hour of histograms.</summary>
internal static class Surroundings
{
    private const int RecordsPerRequest = 500;
    private const int Services = 5;
    private const int Instruments = 5;
    private const int SeriesOfEach = 10;
    private const int Points = 90;
    private const int SecondsBetween = 10;

    /// <summary>Sends it, and waits until it is kept.</summary>
    /// <param name="dashboard">Where to.</param>
    /// <param name="records">About how many log records.</param>
    public static async Task SendAsync(DashboardProcess dashboard, int records)
    {
        var requests = Math.Max(1, records / RecordsPerRequest);
        for (var request = 0; request < requests; request++)
        {
            await PostAsync(dashboard, "logs", Logs(request));
        }

        for (var service = 0; service < Services; service++)
        {
            await PostAsync(dashboard, "metrics", Metrics(service));
        }

        await SpanSender.KeptAsync(dashboard, Signal.Logs, requests * RecordsPerRequest);
        await SpanSender.KeptAsync(dashboard, Signal.Metrics, Services * Instruments * SeriesOfEach * Points);
    }

    private static async Task PostAsync(DashboardProcess dashboard, string signal, IMessage message)
    {
        using var content = new ByteArrayContent(message.ToByteArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        using var answer = await dashboard.Http.PostAsync(new Uri($"/v1/{signal}", UriKind.Relative), content);
        answer.EnsureSuccessStatusCode();
    }

    private static ExportLogsServiceRequest Logs(int request) => new()
    {
        ResourceLogs =
        {
            new ResourceLogs
            {
                Resource = Resource(request % Services),
                ScopeLogs =
                {
                    new ScopeLogs
                    {
                        LogRecords =
                        {
                            Enumerable.Range(0, RecordsPerRequest).Select(number => new LogRecord
                            {
                                TimeUnixNano = Now(0) + (ulong)number,
                                SeverityNumber = number % 50 == 0 ? SeverityNumber.Error : SeverityNumber.Info,
                                Body = new AnyValue { StringValue = $"Order {number} of request {request} was placed with 7 lines" },
                                Attributes = { new KeyValue { Key = "order", Value = new AnyValue { StringValue = $"{request}-{number}" } } },
                            }),
                        },
                    },
                },
            },
        },
    };

    private static ExportMetricsServiceRequest Metrics(int service) => new()
    {
        ResourceMetrics =
        {
            new ResourceMetrics
            {
                Resource = Resource(service),
                ScopeMetrics = { new ScopeMetrics { Scope = new InstrumentationScope { Name = "bench" }, Metrics = { Enumerable.Range(0, Instruments).Select(Durations) } } },
            },
        },
    };

    private static Metric Durations(int instrument) => new()
    {
        Name = $"duration.{instrument}",
        Unit = "s",
        Histogram = new Histogram
        {
            AggregationTemporality = AggregationTemporality.Cumulative,
            DataPoints = { Enumerable.Range(0, SeriesOfEach).SelectMany(static series => Enumerable.Range(1, Points).Select(point => Point(series, point))) },
        },
    };

    private static HistogramDataPoint Point(int series, int point) => new()
    {
        StartTimeUnixNano = Now(SecondsBetween * (Points + 1)),
        TimeUnixNano = Now(SecondsBetween * (Points - point)),
        Count = (ulong)point * 60,
        Sum = point,
        ExplicitBounds = { 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5 },
        BucketCounts = { Enumerable.Range(0, 13).Select(bucket => bucket < 12 ? (ulong)(point * 5) : 0) },
        Attributes = { new KeyValue { Key = "http.route", Value = new AnyValue { StringValue = $"/route/{series}" } } },
    };

    private static ulong Now(int secondsAgo) => (ulong)UnixNanos.From(TimeProvider.System.GetUtcNow().AddSeconds(-secondsAgo));

    private static OpenTelemetry.Proto.Resource.V1.Resource Resource(int service) => new() { Attributes = { new KeyValue { Key = "service.name", Value = new AnyValue { StringValue = $"service-{service}" } } } };
}
