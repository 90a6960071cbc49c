using FlowPlatform.Dashboard.Receiving;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Traces;
using Google.Protobuf.Collections;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Metrics.V1;

namespace FlowPlatform.Dashboard.Metrics;

/// <summary>Makes rows of OTLP's data points.</summary>
internal sealed class MetricDecoder
{
    private const uint NoRecordedValue = (uint)DataPointFlags.NoRecordedValueMask;
    private const int MaxExemplars = 16;

    private static readonly RepeatedField<Exemplar> NoExemplars = [];
    private readonly AttributeJson json;
    private readonly List<PointRow> points = [];
    private int rejected;

    private MetricDecoder(AttributeJson json) => this.json = json;

    public static Decoded<MetricExport> Decode(ExportMetricsServiceRequest request, int bytes)
    {
        using var json = new AttributeJson();
        var decoder = new MetricDecoder(json);
        foreach (var sent in request.ResourceMetrics)
        {
            var resource = OriginReader.Read(sent.Resource, json);
            foreach (var scoped in sent.ScopeMetrics)
            {
                foreach (var metric in scoped.Metrics)
                {
                    decoder.Add(metric, resource, AttributeJson.Cut(scoped.Scope?.Name ?? ""));
                }
            }
        }

        return new Decoded<MetricExport>(new MetricExport(decoder.points, bytes), decoder.rejected, "A point needs a finite value, and a distribution ascending bounds with one count more than bounds, at most 2,049.");
    }

    private void Add(Metric metric, Resource resource, string meter)
    {
        var template = new PointRow
        {
            Resource = resource,
            Description = AttributeJson.Cut(metric.Description),
            Attributes = AttributeJson.None,
            Instrument = new Instrument(meter, AttributeJson.Cut(metric.Name), AttributeJson.Cut(metric.Unit), InstrumentKind.Gauge, Temporality.None, false),
        };
        switch (metric.DataCase)
        {
            case Metric.DataOneofCase.Gauge:
                Add(template, metric.Gauge.DataPoints);
                break;
            case Metric.DataOneofCase.Sum:
                Add(Of(template, InstrumentKind.Sum, metric.Sum.AggregationTemporality, metric.Sum.IsMonotonic), metric.Sum.DataPoints);
                break;
            case Metric.DataOneofCase.Histogram:
                Add(Of(template, InstrumentKind.Histogram, metric.Histogram.AggregationTemporality), metric.Histogram.DataPoints);
                break;
            case Metric.DataOneofCase.ExponentialHistogram:
                Add(Of(template, InstrumentKind.ExponentialHistogram, metric.ExponentialHistogram.AggregationTemporality), metric.ExponentialHistogram.DataPoints);
                break;
            case Metric.DataOneofCase.Summary:
                Add(Of(template, InstrumentKind.Summary, AggregationTemporality.Unspecified), metric.Summary.DataPoints);
                break;
        }
    }

    private static PointRow Of(PointRow template, InstrumentKind kind, AggregationTemporality temporality, bool monotonic = false) =>
        template with
        {
            Instrument = template.Instrument with
            {
                Kind = kind,
                Temporality = temporality switch { AggregationTemporality.Delta => Temporality.Delta, AggregationTemporality.Cumulative => Temporality.Cumulative, _ => Temporality.None },
                IsMonotonic = monotonic,
            },
        };

    private void Add(PointRow template, IEnumerable<NumberDataPoint> sent)
    {
        foreach (var point in sent.Where(static point => (point.Flags & NoRecordedValue) == 0))
        {
            var value = point.ValueCase == NumberDataPoint.ValueOneofCase.AsInt ? point.AsInt : point.AsDouble;
            Keep(point.ValueCase != NumberDataPoint.ValueOneofCase.None && double.IsFinite(value) ? template with { Value = value } : null, point.TimeUnixNano, point.StartTimeUnixNano, point.Attributes, point.Exemplars);
        }
    }

    private void Add(PointRow template, IEnumerable<HistogramDataPoint> sent)
    {
        foreach (var point in sent.Where(static point => (point.Flags & NoRecordedValue) == 0))
        {
            Keep(Of(template, DistributionReader.Read(point), point.Sum, point.Count), point.TimeUnixNano, point.StartTimeUnixNano, point.Attributes, point.Exemplars);
        }
    }

    private void Add(PointRow template, IEnumerable<ExponentialHistogramDataPoint> sent)
    {
        foreach (var point in sent.Where(static point => (point.Flags & NoRecordedValue) == 0))
        {
            Keep(Of(template, DistributionReader.Read(point), point.Sum, point.Count), point.TimeUnixNano, point.StartTimeUnixNano, point.Attributes, point.Exemplars);
        }
    }

    private void Add(PointRow template, IEnumerable<SummaryDataPoint> sent)
    {
        foreach (var point in sent.Where(static point => (point.Flags & NoRecordedValue) == 0))
        {
            Keep(Of(template, DistributionReader.Read(point), point.Sum, point.Count), point.TimeUnixNano, point.StartTimeUnixNano, point.Attributes, NoExemplars);
        }
    }

    private static PointRow? Of(PointRow template, Distribution? distribution, double sum, ulong count) =>
        distribution is not null && double.IsFinite(sum) ? template with { Distribution = distribution, Value = sum, Count = DistributionReader.Count(count) } : null;

    private void Keep(PointRow? point, ulong time, ulong start, RepeatedField<KeyValue> attributes, RepeatedField<Exemplar> exemplars)
    {
        if (point is null)
        {
            rejected++;
            return;
        }

        points.Add(point with
        {
            Time = UnixNanos.From(time),
            Start = UnixNanos.From(start),
            // A series is known by its attributes, in whatever order they come.
            Attributes = json.Write(attributes.Count < 2 ? attributes : [.. attributes.OrderBy(static attribute => attribute.Key, StringComparer.Ordinal)]),
            Exemplars = exemplars.Count == 0 ? [] : [.. exemplars.Select(Read).OfType<ExemplarRow>().Take(MaxExemplars)],
        });
    }

    private static ExemplarRow? Read(Exemplar exemplar)
    {
        var value = exemplar.ValueCase == Exemplar.ValueOneofCase.AsInt ? exemplar.AsInt : exemplar.AsDouble;
        return double.IsFinite(value) && TraceId.TryRead(exemplar.TraceId.Span, out var trace) && SpanId.TryRead(exemplar.SpanId.Span, out var span)
            ? new ExemplarRow(UnixNanos.From(exemplar.TimeUnixNano), value, trace, span)
            : null;
    }
}
