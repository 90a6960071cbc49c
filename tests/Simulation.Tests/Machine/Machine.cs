namespace FlowPlatform.Simulation;

/// <summary>
/// One thread on which all simulated processes run, one continuation at a time, in an order that the seed decides. Time moves when nothing is ready, and sometimes although something is.
/// </summary>
internal sealed class Machine
{
    /// <summary>What is ready waits so long at most at once: a process that can run for seconds and doesn't is paused, which is a fault of its own.</summary>
    private static readonly long Stall = TimeSpan.FromSeconds(1).Ticks;
    private readonly List<Work> ready = [];
    private readonly PriorityQueue<SimulatedTimer, (long Due, long Order)> timers = new();
    private readonly int thread = Environment.CurrentManagedThreadId;
    private volatile string? strayed;
    private long timersMade;
    private int lanes;

    public Machine(Dice dice, Trace trace)
    {
        Dice = dice;
        Trace = trace;
        Clock = new SimulatedClock(this);
        Network = NewLane("network");
    }

    public Dice Dice { get; }

    public Trace Trace { get; }

    public SimulatedClock Clock { get; }

    /// <summary>Where what belongs to no process runs: the broker, and what is on its way.</summary>
    public Lane Network { get; }

    /// <summary>Where something went on that did not stay on the machine's thread: then chance decides that the seed does not govern. Null as long as nothing did.</summary>
    public string? Strayed => strayed;

    public long Steps { get; private set; }

    /// <summary>Two runs that did the same have the same.</summary>
    public ulong Fingerprint { get; private set; }

    public Lane NewLane(string name) => new(this, lanes++, name);

    public void Add(Work work)
    {
        if (Environment.CurrentManagedThreadId != thread)
        {
            strayed ??= $"{work.Lane.Name} goes on with {(work.State as Delegate)?.Target?.GetType() ?? work.State?.GetType()}\n{Environment.StackTrace}";
        }
        else if (work.Lane.Alive)
        {
            ready.Add(work);
        }
    }

    /// <summary>Lets others run, any number of them; the process may be killed meanwhile.</summary>
    public Turn PauseAsync() => new(Lane.Running ?? Network);

    /// <summary>Runs on the network's lane after a time.</summary>
    public void After(TimeSpan delay, Action action)
    {
        var timer = new SimulatedTimer(this, Network, static run => ((Action)run!)(), action);
        Arm(timer, delay.Ticks);
    }

    public void Arm(SimulatedTimer timer, long ticks)
    {
        timer.Due = Clock.Ticks + ticks;
        timers.Enqueue(timer, (timer.Due, ++timersMade));
        timer.ArmedAs = timersMade;
    }

    /// <summary>Something happened to log or stores that two runs of one schedule have in common.</summary>
    public void Witness(long one, long other) => Fingerprint = Dice.Mix(Fingerprint + ((ulong)one << 24) + (ulong)other);

    /// <summary>Runs one piece of work, or lets time pass.</summary>
    /// <returns>False if nothing will ever happen again by itself.</returns>
    public bool Step()
    {
        Steps++;
        if (ready.Count == 0)
        {
            return FireTimer(long.MaxValue);
        }

        if (Dice.OneIn(40) && FireTimer(Clock.Ticks + Stall))
        {
            return true;
        }

        var index = Dice.Next(ready.Count);
        var work = ready[index];
        ready[index] = ready[^1];
        ready.RemoveAt(ready.Count - 1);
        Fingerprint = Dice.Mix(Fingerprint + ((ulong)(uint)index << 32) + (uint)work.Lane.Number);
        if (work.Lane.Paused)
        {
            work.Lane.Hold(work);
        }
        else if (work.Lane.Alive)
        {
            Run(work);
        }

        return true;
    }

    private static void Run(Work work)
    {
        var outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(work.Lane);
        try
        {
            work.Run(work.State);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    /// <returns>False if none is due by then.</returns>
    private bool FireTimer(long latest)
    {
        while (timers.TryPeek(out var timer, out var armed))
        {
            if (timer.ArmedAs == armed.Order && timer.Lane.Alive && armed.Due > latest)
            {
                return false;
            }

            timers.Dequeue();
            if (timer.ArmedAs == armed.Order && timer.Lane.Alive)
            {
                Clock.Ticks = Math.Max(Clock.Ticks, armed.Due);
                timer.Fire();
                return true;
            }
        }

        return false;
    }
}
