namespace Simulator.Replay;

/// <summary>Knows up to where everything has arrived, although actions arrive in any order. Safe for concurrent use.</summary>
internal sealed class Progress(long start)
{
    /// <summary>Positions on the way at a time. While one action is stuck, because its service is down, the others go on, but not for ever: all of them are kept, and sent again after a crash.</summary>
    public const int MostOpen = 10_000;
    private readonly Lock gate = new();
    private readonly Queue<Entry> entries = new();
    private Entry? newest;
    private TaskCompletionSource? room;
    private long position = start;

    /// <summary>Every action below this position has arrived.</summary>
    public long Position
    {
        get
        {
            lock (gate)
            {
                return position;
            }
        }
    }

    /// <summary>Number of actions on the way.</summary>
    public int Open
    {
        get
        {
            lock (gate)
            {
                return entries.Sum(entry => entry.Open);
            }
        }
    }

    /// <summary>Waits until another position may begin.</summary>
    public async ValueTask RoomAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (entries.Count < MostOpen)
                {
                    return;
                }

                room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                wait = room.Task;
            }

            await wait.WaitAsync(cancellationToken);
        }
    }

    /// <summary>An action is on its way. Called in the order of positions, which never fall.</summary>
    public Entry Begin(long at)
    {
        lock (gate)
        {
            if (newest?.Position != at)
            {
                entries.Enqueue(newest = new Entry(at));
            }

            newest.Open++;
            return newest;
        }
    }

    /// <summary>An action has arrived.</summary>
    public void Complete(Entry entry)
    {
        lock (gate)
        {
            entry.Open--;
            Advance(last: false);
        }
    }

    /// <summary>Nothing more begins, and everything has arrived.</summary>
    public void Finish()
    {
        lock (gate)
        {
            Advance(last: true);
        }
    }

    // The newest position may yet get more actions: it stays until it is known to be the last.
    private void Advance(bool last)
    {
        while (entries.TryPeek(out var oldest))
        {
            position = oldest.Position;
            if (oldest.Open > 0 || (oldest == newest && !last))
            {
                return;
            }

            position = entries.Dequeue().Position + 1;
            room?.TrySetResult();
            room = null;
        }
    }

    /// <summary>The actions of one position.</summary>
    internal sealed class Entry(long position)
    {
        public long Position { get; } = position;

        public int Open { get; set; }
    }
}
