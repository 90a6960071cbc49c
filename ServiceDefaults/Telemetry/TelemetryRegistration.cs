using System.Diagnostics.Metrics;
using FlowPlatform.Hosting;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ServiceDefaults.Telemetry;

/// <summary>
/// Traces, metrics and logs by OTLP, where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says to whom; without it nothing is added, nothing listens and nothing costs. The other <c>OTEL_*</c> variables are the SDK's.
/// </summary>
internal static class TelemetryRegistration
{
    private static readonly string[] Sources = ["Microsoft.AspNetCore", "System.Net.Http", "MassTransit", "Npgsql", "FlowPlatform.*"];

    private static readonly string[] Meters =
    [
        "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Routing", "System.Net.Http", "System.Net.NameResolution", "System.Runtime",
        "MassTransit", "Npgsql", "FlowPlatform.*",
    ];

    /// <summary>For seconds: the SDK's default bounds start at 5 and are meant for milliseconds.</summary>
    private static readonly double[] SecondBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            return;
        }

        // Until .NET 11 the web server's spans carry no tags unless this is off.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
        var sampler = new SamplerFilter(SamplerFilter.FromConfiguration(builder.Configuration));
        builder.Services.AddSingleton<IStartupFilter, RequestSpanFilter>();
        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });
        new TelemetryBuilder(builder.Services)
            .ConfigureResource(resource =>
            {
                // AddService would override the variable.
                if (string.IsNullOrWhiteSpace(builder.Configuration["OTEL_SERVICE_NAME"]))
                {
                    resource.AddService(builder.Environment.ApplicationName);
                }
            })
            .WithTracing(tracing => tracing.AddSource(Sources).SetSampler(sampler))
            .WithMetrics(metrics => metrics.AddMeter(Meters).AddView(instrument =>
                instrument is Histogram<double> { Unit: "s" } && instrument.Meter.Name.StartsWith("FlowPlatform.", StringComparison.Ordinal)
                    ? new ExplicitBucketHistogramConfiguration { Boundaries = SecondBounds }
                    : null))
            .UseOtlpExporter();
        builder.Services.AddHostedService<FlowMetricsRefresh>();
    }

    private sealed class TelemetryBuilder : IOpenTelemetryBuilder
    {
        public TelemetryBuilder(IServiceCollection services)
        {
            Services = services;
            // First, so that the start of every other hosted service is traced already.
            services.Insert(0, ServiceDescriptor.Singleton<IHostedService, TelemetryStart>());
        }

        public IServiceCollection Services { get; }
    }
}
