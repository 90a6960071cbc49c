using Simulator.Checks;
using Simulator.Dataset;
using Simulator.Gateway;
using Simulator.Replay;
using Simulator.Shop;
using Simulator.Storage;
using Simulator.Watching;

namespace Simulator;

/// <summary>How the process is to end: 0 or 1 on purpose, null if it was merely stopped.</summary>
internal sealed class SessionOutcome
{
    public int? ExitCode { get; set; }
}

/// <summary>One run from start to end: replays the input, shows what flows, and, where asked, waits for quiet, checks and reports.</summary>
internal sealed class Session(
    SimulatorOptions options, SimulatorStore store, Book book, ServiceCalls calls, Display display, TimeProvider clock, SessionOutcome outcome, InputGate gate,
    IHostApplicationLifetime lifetime, ILogger<Session> logger) : BackgroundService
{
    /// <summary>An exit that is neither 0 nor 1: whoever watches the process starts it again.</summary>
    public const int CrashCode = 70;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await StartedAsync(stoppingToken);
            outcome.ExitCode = await RunAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
        catch (Exception fault) when (fault is SimulatorException or DatasetException)
        {
            display.Write([fault.Message]);
            outcome.ExitCode = 1;
        }
        catch (Exception fault)
        {
            logger.LogCritical(fault, "The Simulator has failed; started again it goes on where it was");
            outcome.ExitCode = CrashCode;
        }

        lifetime.StopApplication();
    }

    // The gateway answers before the first order asks for it; and a host that is stopped while it starts ends with an exception instead of a code.
    private async Task StartedAsync(CancellationToken cancellationToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(cancellationToken);
    }

    private async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var (input, pace) = await ChooseAsync(cancellationToken);
        var log = new RunLog(store, clock, input.Identity, pace.ToString());
        var run = await log.StartAsync(cancellationToken);
        if (options.Finishes && run.OtherInputs)
        {
            throw new SimulatorException("The checks need a data directory that holds this input alone, but another one was replayed into it. Name another directory (--data DIR).");
        }

        display.Write([$"{(run.Position > 0 ? "Going on with" : "Starting")} {input.Name} at {pace}{(run.Position > 0 ? $", position {run.Position}" : "")}."]);
        var replayer = new Replayer(input, pace, log, run, new ActionSender(calls), clock) { Gate = gate };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var replay = replayer.RunAsync(stop.Token);
        try
        {
            var quiet = await WatchAsync(input, replayer, replay, cancellationToken);
            return quiet && await FinishAsync(input, replayer, run, cancellationToken) ? 0 : 1;
        }
        finally
        {
            await stop.CancelAsync();
            await replay.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private async Task<(IReplayInput, Pace)> ChooseAsync(CancellationToken cancellationToken)
    {
        if (options.Dataset is null)
        {
            return (new ShopInput(options.Seed, options.Orders), Pace.Rate(options.Rate));
        }

        var dataset = new DatasetInput(options.Dataset);
        await dataset.CountAsync(cancellationToken);
        return (dataset, options.Speed is { } speed ? Pace.Speed(speed) : Pace.Max);
    }

    // True when all is quiet, false when it is stalled; never returns if nothing is to be finished.
    private async Task<bool> WatchAsync(IReplayInput input, Replayer replayer, Task replay, CancellationToken cancellationToken)
    {
        var poller = new Poller(calls, clock);
        var watch = new QuietWatch(clock, options.StallLimit, () => replayer.Totals.LedgerAdjustments);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), clock);
        var announced = false;
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (replay.IsFaulted)
            {
                await replay;
            }

            var allSent = replay.IsCompletedSuccessfully;
            var snapshot = await poller.PollAsync(options.Finishes && allSent, cancellationToken);
            display.Show(snapshot, replayer.OrdersArrived, input.KnownOrders, replayer.EventTime, calls.Trouble);
            if (allSent && !announced)
            {
                display.Write([$"All {replayer.OrdersArrived} orders are sent{(options.Finishes ? "; waiting until all is quiet." : ".")}"]);
                announced = true;
            }

            switch (options.Finishes ? watch.Observe(snapshot, replayer.ActionsArrived, allSent, replayer.AwaitsSchedule) : Verdict.Moving)
            {
                case Verdict.Quiet:
                    return true;
                case Verdict.Stalled:
                    await ExplainStallAsync(watch, snapshot, cancellationToken);
                    return false;
            }
        }

        return false;
    }

    private async Task ExplainStallAsync(QuietWatch watch, Snapshot snapshot, CancellationToken cancellationToken)
    {
        display.Write([$"Stalled: nothing has moved for {options.StallLimit.TotalSeconds:0} s.", .. watch.Obstacles.Select(obstacle => $"  {obstacle}")]);
        if (calls.Trouble is { } trouble)
        {
            display.Write([$"  The latest call that failed: {trouble}"]);
        }

        foreach (var (state, count) in snapshot.Orders?.ByStatus ?? new Dictionary<string, long>())
        {
            if (count > 0 && !QuietWatch.TerminalStates.Contains(state)
                && await calls.TryGetAsync<Contracts.Http.OrderPage>("orders", $"orders?status={state}&limit=5", cancellationToken) is { } page)
            {
                display.Write([$"  {state}: {string.Join(", ", page.Orders.Select(order => order.OrderId))}{(count > page.Orders.Count ? ", …" : "")}"]);
            }
        }
    }

    private async Task<bool> FinishAsync(IReplayInput input, Replayer replayer, RunState run, CancellationToken cancellationToken)
    {
        var elapsed = clock.GetUtcNow() - run.StartedAt;
        var evidence = await Evidence.GatherAsync(replayer.Totals, options.Dataset is not null, calls, book, cancellationToken);
        var invariants = Invariants.Check(evidence);
        var report = Report.Of(input.Name, evidence, invariants, elapsed);
        if (options.Report is { } path)
        {
            await report.WriteAsync(path, cancellationToken);
        }

        display.Write(report.Summarize());
        var failed = invariants.Where(invariant => !invariant.Ok).Select(invariant => $"Failed: {invariant.Name}").ToList();
        display.Write(failed);
        return failed.Count == 0;
    }
}
