using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace ServiceDefaults.Telemetry;

/// <summary>Creates the telemetry providers when the host starts, and flushes them when it has stopped.</summary>
internal sealed class TelemetryStart(IServiceProvider services) : IHostedLifecycleService
{
    /// <summary>For all three together. Disposing of them would wait 5 s for each when the collector hangs; the AppHost kills after 10 s.</summary>
    private const int FlushMs = 2_000;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        services.GetService<TracerProvider>();
        services.GetService<MeterProvider>();
        services.GetService<LoggerProvider>();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // What could not be sent by then is lost; whether it was is of no use to anybody any more.
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.WhenAll(
        Task.Run(() => services.GetService<TracerProvider>()?.Shutdown(FlushMs), CancellationToken.None),
        Task.Run(() => services.GetService<MeterProvider>()?.Shutdown(FlushMs), CancellationToken.None),
        Task.Run(() => services.GetService<LoggerProvider>()?.Shutdown(FlushMs), CancellationToken.None));
}
