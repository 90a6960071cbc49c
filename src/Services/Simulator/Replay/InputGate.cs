namespace Simulator.Replay;

/// <summary>Where actions leave for the services. Closed, it holds back those that have not left yet, so that a running system can come to rest and be checked. Safe for concurrent use.</summary>
internal sealed class InputGate
{
    private readonly Lock gate = new();
    private TaskCompletionSource? opened;
    private int closers;
    private int onTheWay;
    private long arrived;

    /// <summary>Actions that have left and not arrived.</summary>
    public int OnTheWay
    {
        get
        {
            lock (gate)
            {
                return onTheWay;
            }
        }
    }

    /// <summary>Actions that have arrived.</summary>
    public long Arrived
    {
        get
        {
            lock (gate)
            {
                return arrived;
            }
        }
    }

    /// <summary>Lets one action leave; waits while it is closed.</summary>
    public async ValueTask LeaveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (opened is null)
                {
                    onTheWay++;
                    return;
                }

                wait = opened.Task;
            }

            await wait.WaitAsync(cancellationToken);
        }
    }

    /// <summary>One has arrived.</summary>
    public void Arrive()
    {
        lock (gate)
        {
            onTheWay--;
            arrived++;
        }
    }

    /// <summary>Closes it until what is returned is disposed of; others may hold it closed, too.</summary>
    public IDisposable Close()
    {
        lock (gate)
        {
            closers++;
            opened ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return new Closer(this);
    }

    private void Open()
    {
        lock (gate)
        {
            if (--closers == 0)
            {
                opened!.SetResult();
                opened = null;
            }
        }
    }

    private sealed class Closer(InputGate gate) : IDisposable
    {
        private InputGate? closed = gate;

        public void Dispose() => Interlocked.Exchange(ref closed, null)?.Open();
    }
}
