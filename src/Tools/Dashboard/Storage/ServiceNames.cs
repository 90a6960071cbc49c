using Dapper;

namespace FlowPlatform.Dashboard.Storage;

/// <summary>Which services have sent something. Safe for concurrent use.</summary>
internal sealed class ServiceNames(TelemetryReader reader)
{
    /// <summary>More can't be chosen from.</summary>
    private const int Max = 200;

    /// <summary>Of a signal, by name.</summary>
    /// <exception cref="TelemetryQueryException">It took too long, or the run is gone.</exception>
    public Task<IReadOnlyList<string>> ReadAsync(TelemetryRun run, Signal signal, CancellationToken cancellationToken) =>
        reader.ReadAsync<IReadOnlyList<string>>(run, signal, static connection => connection.Query<string>("SELECT DISTINCT service FROM resource ORDER BY service LIMIT @Max", new { Max }).AsList(), cancellationToken);
}
