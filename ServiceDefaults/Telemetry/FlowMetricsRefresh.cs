using FlowPlatform.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ServiceDefaults.Telemetry;

/// <summary>Asks the flow for its status every few seconds, so that its gauges are fresh though nobody calls <c>/flow/status</c>.</summary>
internal sealed partial class FlowMetricsRefresh(IServiceProvider services, TimeProvider clock, ILogger<FlowMetricsRefresh> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (services.GetService<FlowMonitor>() is not { } monitor)
        {
            return;
        }

        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await monitor.GetStatusAsync(stoppingToken);
            }
            catch (Exception failed) when (failed is not OperationCanceledException)
            {
                // A gauge that is stale for one interval is no reason to end the service, which is what a hosted service that throws does.
                LogFailed(failed);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The flow's status could not be read; its gauges are stale")]
    private partial void LogFailed(Exception exception);
}
