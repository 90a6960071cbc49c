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
    /// <summary>Neither MassTransit's nor RabbitMQ.Client's: commands and events have the platform's own spans, and the others would show the same work again.</summary>
    private static readonly string[] Sources = ["Microsoft.AspNetCore", "System.Net.Http", "Npgsql", "FlowPlatform.*"];

    private static readonly string[] Meters =
    [
        "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Routing", "System.Net.Http", "System.Net.NameResolution", "System.Runtime",
        "MassTransit", "Npgsql", "FlowPlatform.*",
    ];

    /// <summary>For seconds: the SDK's default bounds start at 5 and are meant for milliseconds.</summary>
    private static readonly double[] SecondBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

    private static readonly double[] EventBounds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000];

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
                    resource.AddService(builder.Environment.ApplicationName, autoGenerateServiceInstanceId: false);
                }

                // Without one the metrics of two replicas would be taken for one series.
                if (builder.Configuration["OTEL_RESOURCE_ATTRIBUTES"]?.Contains("service.instance.id=", StringComparison.Ordinal) != true)
                {
                    resource.AddAttributes([new("service.instance.id", $"{Environment.MachineName}-{Environment.ProcessId}")]);
                }
            })
            .WithTracing(tracing => tracing.AddSource(Sources).SetSampler(sampler).AddProcessor<ProbeCallFilter>())
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(Meters).AddView(Configure);
                if (string.IsNullOrWhiteSpace(builder.Configuration["OTEL_METRICS_EXEMPLAR_FILTER"]))
                {
                    metrics.SetExemplarFilter(ExemplarFilterType.TraceBased);
                }
            })
            .UseOtlpExporter();
        builder.Services.AddHostedService<FlowMetricsRefresh>();
    }

    private static MetricStreamConfiguration? Configure(Instrument instrument) => instrument switch
    {
        Histogram<double> { Unit: "s" } seconds when seconds.Meter.Name.StartsWith("FlowPlatform.", StringComparison.Ordinal) => new ExplicitBucketHistogramConfiguration { Boundaries = SecondBounds },
        Histogram<int> { Name: "flow.batch.size" } => new ExplicitBucketHistogramConfiguration { Boundaries = EventBounds },
        _ => null,
    };

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
