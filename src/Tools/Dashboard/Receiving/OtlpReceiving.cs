using FlowPlatform.Dashboard.Logs;
using FlowPlatform.Dashboard.Metrics;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Traces;
using Grpc.AspNetCore.Server.Model;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;

namespace FlowPlatform.Dashboard.Receiving;

/// <summary>Registers and maps what takes telemetry, over gRPC and HTTP.</summary>
internal static class OtlpReceiving
{
    public static void AddOtlpReceiving(this IServiceCollection services, string? key)
    {
        services.AddGrpc(static grpc =>
        {
            grpc.MaxReceiveMessageSize = OtlpLimits.MaxMessage;
            grpc.EnableDetailedErrors = false;
        });
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<OtlpGrpc>, OtlpGrpcMethods>());
        services.AddSingleton<OtlpGate>();
        services.AddSingleton(provider => new OtlpAccess(key, provider.GetRequiredService<OtlpGate>()));
        services.AddSingleton<IOtlpSignal>(static provider => new OtlpSignal<ExportTraceServiceRequest, TraceExport>(
            "opentelemetry.proto.collector.trace.v1.TraceService",
            "/v1/traces",
            OtlpLimits.Plain,
            TraceDecoder.Decode,
            static (rejected, why) => new ExportTraceServiceResponse { PartialSuccess = rejected == 0 ? null : new ExportTracePartialSuccess { RejectedSpans = rejected, ErrorMessage = why } },
            provider.GetRequiredService<SignalQueue<TraceExport>>(),
            provider.GetRequiredKeyedService<Intake>(Signal.Traces)));
        services.AddSingleton<IOtlpSignal>(static provider => new OtlpSignal<ExportLogsServiceRequest, LogExport>(
            "opentelemetry.proto.collector.logs.v1.LogsService",
            "/v1/logs",
            OtlpLimits.Plain,
            LogDecoder.Decode,
            static (rejected, why) => new ExportLogsServiceResponse { PartialSuccess = rejected == 0 ? null : new ExportLogsPartialSuccess { RejectedLogRecords = rejected, ErrorMessage = why } },
            provider.GetRequiredService<SignalQueue<LogExport>>(),
            provider.GetRequiredKeyedService<Intake>(Signal.Logs)));
        services.AddSingleton<IOtlpSignal>(static provider => new OtlpSignal<ExportMetricsServiceRequest, MetricExport>(
            "opentelemetry.proto.collector.metrics.v1.MetricsService",
            "/v1/metrics",
            OtlpLimits.Metrics,
            MetricDecoder.Decode,
            static (rejected, why) => new ExportMetricsServiceResponse { PartialSuccess = rejected == 0 ? null : new ExportMetricsPartialSuccess { RejectedDataPoints = rejected, ErrorMessage = why } },
            provider.GetRequiredService<SignalQueue<MetricExport>>(),
            provider.GetRequiredKeyedService<Intake>(Signal.Metrics)));
    }

    /// <summary>After routing, before anything else: what comes in at the addresses for telemetry goes nowhere else. Its senders have a key, and no cookie.</summary>
    public static void MapOtlpReceiving(this WebApplication app)
    {
        app.MapOtlpHttp(app.Services.GetServices<IOtlpSignal>());
        app.MapGrpcService<OtlpGrpc>().AllowAnonymous();
    }
}
