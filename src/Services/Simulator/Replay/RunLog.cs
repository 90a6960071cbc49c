using Dapper;
using Simulator.Storage;

namespace Simulator.Replay;

/// <summary>Where the pace of a run was anchored: this wall time belongs to this position and event time.</summary>
internal sealed record PaceAnchor(DateTimeOffset Wall, long Position, DateTimeOffset Event);

/// <summary>A run of an input as it is kept: it survives a crash, its start included.</summary>
/// <param name="StartedAt">When it was first started.</param>
/// <param name="Position">Every action below it has arrived.</param>
/// <param name="Anchor">Set if the pace can simply go on; null if it starts anew.</param>
/// <param name="OtherInputs">True if other inputs were replayed into the same data.</param>
internal sealed record RunState(DateTimeOffset StartedAt, long Position, PaceAnchor? Anchor, bool OtherInputs);

/// <summary>Keeps the progress of a run in the store.</summary>
internal sealed class RunLog(SimulatorStore store, TimeProvider clock, string input, string pace)
{
    /// <summary>After a longer time out of work a run goes on at its pace, instead of catching up in one burst.</summary>
    private static readonly TimeSpan CatchUpLimit = TimeSpan.FromMinutes(1);

    /// <summary>Starts the run, or finds it as it was left.</summary>
    public Task<RunState> StartAsync(CancellationToken cancellationToken) => store.WriteAsync(
        db =>
        {
            var now = clock.GetUtcNow();
            db.Execute("INSERT INTO run (input, started_at, saved_at, position) VALUES (@input, @now, @now, 0) ON CONFLICT DO NOTHING", new { input, now = now.ToUnixTimeMilliseconds() });
            var row = db.QuerySingle<Row>(
                """
                SELECT started_at AS StartedAt, saved_at AS SavedAt, position, pace, anchor_wall AS AnchorWall, anchor_position AS AnchorPosition, anchor_event AS AnchorEvent
                FROM run WHERE input = @input
                """,
                new { input });
            var goesOn = row.AnchorWall is not null && row.Pace == pace && now - Time(row.SavedAt) <= CatchUpLimit;
            return new RunState(
                Time(row.StartedAt),
                row.Position,
                goesOn ? new PaceAnchor(Time(row.AnchorWall!.Value), row.AnchorPosition!.Value, Time(row.AnchorEvent!.Value)) : null,
                db.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM run WHERE input <> @input)", new { input }));
        },
        cancellationToken);

    /// <summary>Keeps the anchor of the pace.</summary>
    public Task AnchorAsync(PaceAnchor anchor, CancellationToken cancellationToken) => store.WriteAsync(
        db => db.Execute(
            "UPDATE run SET pace = @pace, anchor_wall = @wall, anchor_position = @Position, anchor_event = @time WHERE input = @input",
            new { input, pace, wall = anchor.Wall.ToUnixTimeMilliseconds(), anchor.Position, time = anchor.Event.ToUnixTimeMilliseconds() }),
        cancellationToken);

    /// <summary>Keeps the position.</summary>
    public Task SaveAsync(long position, CancellationToken cancellationToken) => store.WriteAsync(
        db => db.Execute("UPDATE run SET position = @position, saved_at = @now WHERE input = @input", new { input, position, now = clock.GetUtcNow().ToUnixTimeMilliseconds() }),
        cancellationToken);

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private sealed class Row
    {
        public long StartedAt { get; init; }

        public long SavedAt { get; init; }

        public long Position { get; init; }

        public string? Pace { get; init; }

        public long? AnchorWall { get; init; }

        public long? AnchorPosition { get; init; }

        public long? AnchorEvent { get; init; }
    }
}
