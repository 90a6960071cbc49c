namespace FlowPlatform.Dashboard.Storage;

/// <summary>Deletes earlier runs at start, and every ten minutes.</summary>
internal sealed class RunPruning(TelemetryRuns runs, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            await Task.Run(runs.Prune, stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
