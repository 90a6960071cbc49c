using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Trace;

namespace ServiceDefaults.Telemetry;

/// <summary>
/// Drops the spans of probes and of what is <see cref="Untraced"/>, and everything of this process below a span that was dropped. A root that links to something sampled, such as a batch of events, is decided like what it links to.
/// The rest is for the configured sampler to decide.
/// </summary>
internal sealed class SamplerFilter(Sampler inner) : Sampler
{
    private static readonly string[] Probes = ["/health", "/alive", "/flow/status", "/flow/contracts"];

    /// <summary>True for the path of what is asked again and again by machines.</summary>
    public static bool IsProbe(string path) => Array.IndexOf(Probes, path) >= 0;

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
        if (parent.TraceId != default)
        {
            // What another process dropped is for the sampler: one that is not parent-based doesn't care.
            return (!parent.IsRemote && !parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)) || Untraced.IsMeant(parent) || IsProbe(samplingParameters)
                ? new SamplingResult(SamplingDecision.Drop)
                : inner.ShouldSample(samplingParameters);
        }

        if (IsProbe(samplingParameters))
        {
            return new SamplingResult(SamplingDecision.Drop);
        }

        foreach (var link in samplingParameters.Links ?? [])
        {
            if (link.Context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded))
            {
                return inner.ShouldSample(new SamplingParameters(link.Context, link.Context.TraceId, samplingParameters.Name, samplingParameters.Kind, samplingParameters.Tags, samplingParameters.Links));
            }
        }

        return inner.ShouldSample(samplingParameters);
    }

    private static bool IsProbe(in SamplingParameters parameters)
    {
        if (parameters.Kind == ActivityKind.Server)
        {
            foreach (var tag in parameters.Tags ?? [])
            {
                if (tag.Key == "url.path" && tag.Value is string path && IsProbe(path))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
