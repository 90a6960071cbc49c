using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Simulator.Replay;

/// <summary>
/// Sends an input's actions in the order of event time, at its pace: orders in batches of whatever is due, a few requests at a time. What has
/// arrived is kept, so that after a crash it goes on where it was; what was on the way is sent again under the same ids.
/// </summary>
internal sealed class Replayer(IReplayInput input, Pace pace, RunLog log, RunState run, ActionSender sender, TimeProvider clock)
{
    private const int MaxBatch = 100;
    private const int OrderRequests = 4;
    private const int OtherRequests = 8;
    private static readonly TimeSpan SaveInterval = TimeSpan.FromMilliseconds(250);

    private readonly Channel<Pending> orders = Channel.CreateBounded<Pending>(MaxBatch * OrderRequests);
    private readonly Channel<Pending> others = Channel.CreateBounded<Pending>(OtherRequests * 8);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> ordersOnTheirWay = new(StringComparer.Ordinal);
    private readonly Progress progress = new(run.Position);
    private long ordersArrived = input.KnownOrders is null ? run.Position : 0;
    private long actionsArrived;
    private long nextDue;

    /// <summary>Where actions leave; default: nobody ever closes it.</summary>
    public InputGate Gate { get; init; } = new();

    /// <summary>What was read so far adds up to; whole only if the input was read from its start. Read it when the replay has ended.</summary>
    public InputTotals Totals { get; } = new();

    /// <summary>Orders that have arrived, in this run or before a crash.</summary>
    public long OrdersArrived => Interlocked.Read(ref ordersArrived);

    /// <summary>Actions that have arrived since the start of this process.</summary>
    public long ActionsArrived => Interlocked.Read(ref actionsArrived);

    /// <summary>Event time of the newest action sent.</summary>
    public DateTimeOffset? EventTime { get; private set; }

    /// <summary>True while everything due has arrived and the next action is not due yet.</summary>
    public bool AwaitsSchedule => Interlocked.Read(ref nextDue) > clock.GetUtcNow().UtcTicks && progress.Open == 0;

    /// <summary>Sends everything; returns when all has arrived.</summary>
    /// <exception cref="SimulatorException">A service refuses an action for good.</exception>
    /// <exception cref="Dataset.DatasetException">The input can't be read.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var saving = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        Exception? fault = null;
        var work = new List<Task> { GuardAsync(ReadAsync) };
        work.AddRange(Enumerable.Range(0, OrderRequests).Select(_ => GuardAsync(SendOrdersAsync)));
        work.AddRange(Enumerable.Range(0, OtherRequests).Select(_ => GuardAsync(SendOthersAsync)));
        var saver = GuardAsync(_ => SaveAsync(saving.Token));
        await Task.WhenAll(work);
        await saving.CancelAsync();
        await saver;
        if (fault is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(fault);
        }

        cancellationToken.ThrowIfCancellationRequested();
        progress.Finish();
        await log.SaveAsync(progress.Position, cancellationToken);

        async Task GuardAsync(Func<CancellationToken, Task> part)
        {
            try
            {
                await part(stop.Token);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested || saving.IsCancellationRequested)
            {
                // Another part has failed, or all is being stopped; whoever did it says why.
            }
            catch (Exception caught)
            {
                Interlocked.CompareExchange(ref fault, caught, null);
                await stop.CancelAsync();
            }
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        // With an end to check, all is read again, to know what it adds up to; an endless shop goes on where it was.
        var (from, anchor) = (input.KnownOrders is null ? run.Position : 0, run.Anchor);
        await foreach (var step in input.ReadAsync(from, cancellationToken))
        {
            Totals.Add(step.Action);
            if (step.Position < run.Position)
            {
                Interlocked.Add(ref ordersArrived, step.Action is OrderAction ? 1 : 0);
                continue;
            }

            if (!pace.IsMax)
            {
                if (anchor is null)
                {
                    anchor = new PaceAnchor(clock.GetUtcNow(), step.Position, step.Action.Time);
                    await log.AnchorAsync(anchor, cancellationToken);
                }

                await WaitUntilAsync(pace.DueAt(step, anchor), cancellationToken);
            }

            EventTime = step.Action.Time;
            await HandOverAsync(step, cancellationToken);
        }

        orders.Writer.Complete();
        others.Writer.Complete();
    }

    private async Task WaitUntilAsync(DateTimeOffset due, CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref nextDue, due.UtcTicks);
        // Some timers don't take more than 49 days; a dataset may hold a longer silence.
        for (var left = due - clock.GetUtcNow(); left > TimeSpan.Zero; left = due - clock.GetUtcNow())
        {
            await Task.Delay(left > TimeSpan.FromDays(1) ? TimeSpan.FromDays(1) : left, clock, cancellationToken);
        }
    }

    private async Task HandOverAsync(Step step, CancellationToken cancellationToken)
    {
        await progress.RoomAsync(cancellationToken);
        await Gate.LeaveAsync(cancellationToken);
        var pending = new Pending(step.Action, progress.Begin(step.Position));
        if (step.Action is OrderAction)
        {
            ordersOnTheirWay[step.Action.Id] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await orders.Writer.WriteAsync(pending, cancellationToken);
        }
        else
        {
            await others.Writer.WriteAsync(pending, cancellationToken);
        }
    }

    private async Task SendOrdersAsync(CancellationToken cancellationToken)
    {
        var batch = new List<Pending>(MaxBatch);
        while (await orders.Reader.WaitToReadAsync(cancellationToken))
        {
            batch.Clear();
            while (batch.Count < MaxBatch && orders.Reader.TryRead(out var pending))
            {
                batch.Add(pending);
            }

            if (batch.Count == 0)
            {
                continue;
            }

            await sender.SendAsync(batch.ConvertAll(pending => ((OrderAction)pending.Action).Order), cancellationToken);
            foreach (var pending in batch)
            {
                Interlocked.Increment(ref ordersArrived);
                Arrived(pending);
                if (ordersOnTheirWay.TryRemove(pending.Action.Id, out var waiting))
                {
                    waiting.SetResult();
                }
            }
        }
    }

    private async Task SendOthersAsync(CancellationToken cancellationToken)
    {
        await foreach (var pending in others.Reader.ReadAllAsync(cancellationToken))
        {
            // Nobody can cancel what was not placed yet.
            if (pending.Action is CancelAction cancel && ordersOnTheirWay.TryGetValue(cancel.OrderId, out var order))
            {
                await order.Task.WaitAsync(cancellationToken);
            }

            await sender.SendAsync(pending.Action, cancellationToken);
            Arrived(pending);
        }
    }

    private void Arrived(Pending pending)
    {
        Interlocked.Increment(ref actionsArrived);
        Gate.Arrive();
        progress.Complete(pending.Entry);
    }

    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        var (saved, unchanged) = (run.Position, 0);
        using var timer = new PeriodicTimer(SaveInterval, clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            // In a silence of the input, too, now and then: the run is alive.
            var position = progress.Position;
            if (position != saved || ++unchanged == 40)
            {
                await log.SaveAsync(position, cancellationToken);
                (saved, unchanged) = (position, 0);
            }
        }
    }

    private sealed record Pending(OutsideAction Action, Progress.Entry Entry);
}
