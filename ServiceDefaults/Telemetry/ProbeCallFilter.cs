using System.Diagnostics;
using OpenTelemetry;

namespace ServiceDefaults.Telemetry;

/// <summary>Keeps calls of other services' probes from being exported: their address is known at the end only, so the sampler can't see it.</summary>
internal sealed class ProbeCallFilter : BaseProcessor<Activity>
{
    public override void OnEnd(Activity data)
    {
        if (data.Kind == ActivityKind.Client && data.GetTagItem("url.full") is string url && Uri.TryCreate(url, UriKind.Absolute, out var uri) && SamplerFilter.IsProbe(uri.AbsolutePath))
        {
            // The exporter takes what is recorded.
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
    }
}
