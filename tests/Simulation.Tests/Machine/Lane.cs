namespace FlowPlatform.Simulation;

/// <summary>
/// What one process runs on: everything that its code awaits comes back here, and the machine picks what runs next. A dead lane runs nothing more, not even a finally block, as after kill -9;
/// a paused one (SIGSTOP) runs it later.
/// </summary>
internal sealed class Lane(Machine machine, int number, string name) : SynchronizationContext
{
    private readonly List<Work> held = [];

    public int Number => number;

    public string Name => name;

    public bool Alive { get; private set; } = true;

    public bool Paused { get; private set; }

    public static Lane? Running => Current as Lane;

    public override void Post(SendOrPostCallback d, object? state) => machine.Add(new Work(this, d, state));

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nothing in the simulation blocks.");

    public override SynchronizationContext CreateCopy() => this;

    public void Post(Action action) => Post(static run => ((Action)run!)(), action);

    public void Kill()
    {
        Alive = false;
        held.Clear();
    }

    public void Pause() => Paused = true;

    public void Resume()
    {
        Paused = false;
        held.ForEach(machine.Add);
        held.Clear();
    }

    public void Hold(Work work) => held.Add(work);
}

/// <summary>Something that is ready to run on a lane.</summary>
internal readonly record struct Work(Lane Lane, SendOrPostCallback Run, object? State);
