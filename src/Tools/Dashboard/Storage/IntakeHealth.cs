using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FlowPlatform.Dashboard.Storage;

/// <summary>Red while telemetry can't be written.</summary>
internal sealed class IntakeHealth(IServiceProvider services) : IHealthCheck
{
    /// <inheritdoc />
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var faults = Enum.GetValues<Signal>().Select(signal => (Signal: signal, services.GetRequiredKeyedService<ISignalState>(signal).Fault)).Where(static state => state.Fault is not null).ToList();
        return Task.FromResult(faults.Count == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(string.Join(" ", faults.Select(static state => $"{state.Signal} can't be written: {state.Fault}"))));
    }
}
