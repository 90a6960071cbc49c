using FlowPlatform.Dashboard.Logs;
using FlowPlatform.Dashboard.Metrics;
using FlowPlatform.Dashboard.Traces;

namespace FlowPlatform.Dashboard.Storage;

/// <summary>Registers what keeps telemetry and what answers questions about it.</summary>
internal static class TelemetryStore
{
    public static void AddTelemetryStore(this IServiceCollection services, TelemetryOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<TelemetryRuns>();
        services.AddSingleton<TelemetryReader>();
        services.AddHostedService<RunPruning>();
        services.AddSignal(Signal.Traces, options.MaxTraceBytes, connection => new TraceTables(connection, options.MaxSpansPerTrace));
        services.AddSignal(Signal.Logs, options.MaxLogBytes, static connection => new LogTables(connection));
        services.AddSignal(Signal.Metrics, options.MaxMetricBytes, connection => new MetricTables(connection, options.MaxSeries));
        services.AddSingleton<IntakeReader>();
        services.AddSingleton<ServiceNames>();
        services.AddSingleton<TraceList>();
        services.AddSingleton<TraceDetails>();
        services.AddSingleton<ServiceMapReader>();
        services.AddSingleton<LogList>();
        services.AddSingleton<LogTail>();
        services.AddSingleton<MetricReader>();
    }

    private static void AddSignal<TExport>(this IServiceCollection services, Signal signal, long maxBytes, Func<SignalConnection, ISignalTables<TExport>> open)
        where TExport : IExport
    {
        services.AddKeyedSingleton(signal, new Intake());
        services.AddSingleton(provider => new SignalQueue<TExport>(provider.GetRequiredService<TelemetryOptions>().MaxWaitingBytes));
        services.AddSingleton(provider =>
        {
            var connection = new SignalConnection(provider.GetRequiredService<TelemetryRuns>().Current[signal]);
            return new SignalWriter<TExport>(
                provider.GetRequiredService<SignalQueue<TExport>>(),
                connection,
                open(connection),
                provider.GetRequiredKeyedService<Intake>(signal),
                maxBytes,
                provider.GetRequiredService<TelemetryOptions>().MaxAge,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<SignalWriter<TExport>>>());
        });
        services.AddKeyedSingleton<ISignalState>(signal, static (provider, _) => provider.GetRequiredService<SignalWriter<TExport>>());
        services.AddHostedService(static provider => provider.GetRequiredService<SignalWriter<TExport>>());
    }
}
