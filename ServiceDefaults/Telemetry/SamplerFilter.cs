using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Trace;

namespace ServiceDefaults.Telemetry;

/// <summary>Drops the spans of probes, and everything below a span that was dropped; the rest is for the configured sampler to decide.</summary>
internal sealed class SamplerFilter(Sampler inner) : Sampler
{
    private static readonly string[] Probes = ["/health", "/alive", "/flow/status"];

    /// <summary>The sampler that the standard variables <c>OTEL_TRACES_SAMPLER</c> and <c>…_ARG</c> name; the SDK reads them only where no sampler is set in code.</summary>
    /// <exception cref="InvalidOperationException">There is no such sampler, or the ratio is none.</exception>
    public static Sampler FromConfiguration(IConfiguration configuration)
    {
        var name = configuration["OTEL_TRACES_SAMPLER"] is { Length: > 0 } given ? given : "parentbased_always_on";
        return name switch
        {
            "always_on" => new AlwaysOnSampler(),
            "always_off" => new AlwaysOffSampler(),
            "traceidratio" => new TraceIdRatioBasedSampler(Ratio()),
            "parentbased_always_on" => new ParentBasedSampler(new AlwaysOnSampler()),
            "parentbased_always_off" => new ParentBasedSampler(new AlwaysOffSampler()),
            "parentbased_traceidratio" => new ParentBasedSampler(new TraceIdRatioBasedSampler(Ratio())),
            _ => throw new InvalidOperationException(
                $"OTEL_TRACES_SAMPLER '{name}' is unknown: use always_on, always_off, traceidratio, or one of these with parentbased_ before it."),
        };

        double Ratio()
        {
            var text = configuration["OTEL_TRACES_SAMPLER_ARG"] is { Length: > 0 } ratio ? ratio : "1";
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= 1
                ? value
                : throw new InvalidOperationException($"OTEL_TRACES_SAMPLER_ARG '{text}' is no ratio: use a number from 0 to 1.");
        }
    }

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        var parent = samplingParameters.ParentContext;
        if (parent.TraceId != default && !parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded))
        {
            return new SamplingResult(SamplingDecision.Drop);
        }

        return samplingParameters.Kind == ActivityKind.Server && IsProbe(samplingParameters.Tags)
            ? new SamplingResult(SamplingDecision.Drop)
            : inner.ShouldSample(samplingParameters);
    }

    private static bool IsProbe(IEnumerable<KeyValuePair<string, object?>>? tags) =>
        tags is not null && tags.Any(tag => tag.Key == "url.path" && tag.Value is string path && Array.IndexOf(Probes, path) >= 0);
}
