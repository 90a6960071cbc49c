using Dapper;

namespace FlowPlatform.Dashboard.Storage;

/// <summary>How the intake of a signal goes.</summary>
/// <param name="Signal">Which.</param>
/// <param name="Counts">What became of what came in since the run began.</param>
/// <param name="Bytes">Size of its file.</param>
/// <param name="WaitingBytes">What waits to be written; 0 for an earlier run.</param>
/// <param name="Fault">Why nothing can be written; null while it can.</param>
internal sealed record IntakeState(Signal Signal, IReadOnlyDictionary<Outcome, IntakeCount> Counts, long Bytes, long WaitingBytes, string? Fault)
{
    /// <summary>Items that came in and are not kept. What was refused may have come again.</summary>
    public long DroppedItems => Counts.Where(static count => count.Key != Outcome.Kept).Sum(static count => count.Value.Items);
}

/// <summary>Tells what was kept, and what was dropped and why. Safe for concurrent use.</summary>
internal sealed class IntakeReader(TelemetryReader reader, TelemetryRuns runs, IServiceProvider services)
{
    /// <summary>Of one run, each signal. Counts are up to a second behind.</summary>
    /// <exception cref="TelemetryQueryException">It took too long, or the run is gone.</exception>
    public async Task<IReadOnlyList<IntakeState>> ReadAsync(TelemetryRun run, CancellationToken cancellationToken)
    {
        var states = new List<IntakeState>();
        foreach (var signal in Enum.GetValues<Signal>())
        {
            var counts = await reader.ReadAsync(
                run,
                signal,
                static connection => connection.Query<(string Outcome, long Items, long Requests)>("SELECT outcome, items, requests FROM intake").ToDictionary(static row => Enum.Parse<Outcome>(row.Outcome), static row => new IntakeCount(row.Items, row.Requests)),
                cancellationToken);
            var state = run == runs.Current ? services.GetRequiredKeyedService<ISignalState>(signal) : null;
            states.Add(new IntakeState(signal, counts, new FileInfo(run[signal].Path).Length, state?.WaitingBytes ?? 0, state?.Fault));
        }

        return states;
    }
}
