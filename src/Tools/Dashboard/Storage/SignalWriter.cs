using FlowPlatform.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Dashboard.Storage;

/// <summary>
/// Writes the exports of one signal, off the requests' path: whatever waits is one transaction, up to a maximum. Then it deletes what is too old or too much.
/// </summary>
internal sealed class SignalWriter<TExport> : BackgroundService, ISignalState
    where TExport : IExport
{
    /// <summary>Items of a transaction. More would save nothing (a commit costs about as much as 20 spans), and hold readers of the newest back.</summary>
    private const int MaxItems = 4_000;

    /// <summary>Longest part of the stop in which what still waits is written.</summary>
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(10);

    private readonly SignalQueue<TExport> queue;
    private readonly SignalConnection connection;
    private readonly ISignalTables<TExport> tables;
    private readonly Intake intake;
    private readonly long maxBytes;
    private readonly long maxAgeNanos;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly Statement addIntake;
    private readonly SemaphoreSlim turn = new(1, 1);
    private volatile string? fault;

    public SignalWriter(
        SignalQueue<TExport> queue, SignalConnection connection, ISignalTables<TExport> tables, Intake intake, long maxBytes, TimeSpan maxAge, TimeProvider clock, ILogger logger)
    {
        this.queue = queue;
        this.connection = connection;
        this.tables = tables;
        this.intake = intake;
        this.maxBytes = maxBytes;
        this.clock = clock;
        this.logger = logger;
        maxAgeNanos = UnixNanos.From(maxAge);
        addIntake = connection.Prepare(
            "INSERT INTO intake (outcome, items, requests) VALUES (?1, ?2, ?3) ON CONFLICT (outcome) DO UPDATE SET items = items + ?2, requests = requests + ?3");
    }

    /// <inheritdoc />
    public string? Fault => fault;

    /// <inheritdoc />
    public long WaitingBytes => queue.WaitingBytes;

    /// <inheritdoc />
    public Pulse Written { get; } = new();

    /// <inheritdoc />
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Close();
        if (ExecuteTask is { } running)
        {
            await Task.WhenAny(running, Task.Delay(DrainLimit, clock, cancellationToken));
        }

        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc />
    public override void Dispose()
    {
        base.Dispose();
        connection.Dispose();
        turn.Dispose();
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var ticking = TickAsync(over.Token);
        var pause = TimeSpan.Zero;
        while (await queue.WaitAsync(stoppingToken))
        {
            pause = await WriteAsync(queue.Take(MaxItems), stoppingToken) ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Min(Math.Max(pause.Ticks * 2, TimeSpan.TicksPerSecond / 4), MaxPause.Ticks));
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, clock, stoppingToken);
            }
        }

        await over.CancelAsync();
        await ticking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await WriteAsync([], stoppingToken);
    }

    /// <summary>While nothing comes in, what was refused is counted and what is too old goes, too.</summary>
    private async Task TickAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TickInterval, clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            await WriteAsync([], cancellationToken);
        }
    }

    /// <summary>False: nothing could be written. What was to be written is lost, and counted.</summary>
    private async Task<bool> WriteAsync(List<TExport> exports, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        var counts = new Dictionary<Outcome, int>();
        var others = intake.TakeUnsaved();
        var atRisk = exports;
        try
        {
            if (exports.Count > 0 || others.Count > 0)
            {
                connection.InTransaction(() => Write(exports, others, counts));
                (atRisk, others) = ([], []);
            }

            Trim();
            fault = null;
            return true;
        }
        catch (SqliteException e)
        {
            tables.Reset();
            intake.PutBack(others);
            intake.Add(Outcome.NotWritten, atRisk.Sum(static export => (long)export.Items), atRisk.Count);
            if (fault != e.Message)
            {
                DashboardLog.NotWritten(logger, typeof(TExport).Name, e.Message);
                fault = e.Message;
            }

            return false;
        }
        finally
        {
            queue.Release(exports);
            turn.Release();
            if (exports.Count > 0)
            {
                Written.Beat();
            }
        }
    }

    private void Write(List<TExport> exports, IReadOnlyList<(Outcome Outcome, IntakeCount Count)> others, Dictionary<Outcome, int> counts)
    {
        var now = UnixNanos.From(clock.GetUtcNow());
        foreach (var export in exports)
        {
            tables.Write(export, now, (outcome, items) => counts[outcome] = counts.GetValueOrDefault(outcome) + items);
        }

        tables.Complete();
        foreach (var (outcome, items) in counts)
        {
            Count(outcome, new IntakeCount(items, outcome == Outcome.Kept ? exports.Count : 0));
        }

        foreach (var (outcome, count) in others)
        {
            Count(outcome, count);
        }
    }

    private void Count(Outcome outcome, IntakeCount count) => addIntake.With(1, outcome.ToString()).With(2, count.Items).With(3, count.Requests).Run();

    /// <summary>Each step is a transaction of its own, so that readers of the log that is to be moved into the file are not held up.</summary>
    private void Trim()
    {
        var horizon = UnixNanos.From(clock.GetUtcNow()) - maxAgeNanos;
        var more = true;
        while (more && connection.UsedBytes > maxBytes)
        {
            connection.InTransaction(() => more = tables.TrimOldest(long.MaxValue));
        }

        more = true;
        while (more)
        {
            connection.InTransaction(() => more = tables.TrimOldest(horizon));
        }
    }
}
