using FlowPlatform.Log;

namespace FlowPlatform.Simulation;

/// <summary>A publisher's connection: frames arrive in order, confirms come back in any; when it ends, what was sent may arrive all the same.</summary>
internal sealed class SimulatedWriter(Broker broker, Lane lane, PartitionId partition) : IPartitionWriter
{
    private readonly Queue<Frame> sent = new();
    private readonly List<Frame> unconfirmed = [];
    private readonly TaskCompletionSource closed = new();
    private readonly int era = broker.EraOf(partition);
    private bool dead;

    public PartitionId Partition => partition;

    public Lane Lane => lane;

    public int MaxEventBytes => 1 << 20;

    public Task Closed => closed.Task;

    public async Task AppendAsync(IReadOnlyList<EventEnvelope> events, CancellationToken cancellationToken)
    {
        if (dead)
        {
            throw Gone();
        }

        var frame = new Frame([.. events]);
        sent.Enqueue(frame);
        unconfirmed.Add(frame);
        broker.Machine.Network.Post(Arrive);
        await frame.Confirmed.Task.WaitAsync(cancellationToken);
    }

    /// <summary>The connection ends.</summary>
    public void Cut(bool landing)
    {
        if (!landing)
        {
            sent.Clear();
        }

        if (!dead)
        {
            dead = true;
            lane.Post(() =>
            {
                closed.TrySetResult();
                unconfirmed.ForEach(frame => frame.Confirmed.TrySetException(Gone()));
                unconfirmed.Clear();
            });
        }
    }

    public ValueTask DisposeAsync()
    {
        Cut(landing: true);
        return ValueTask.CompletedTask;
    }

    private void Arrive()
    {
        if (!sent.TryDequeue(out var frame) || era != broker.EraOf(partition))
        {
            return;
        }

        broker.Machine.Trace.Say($"broker: {partition} gets {frame.Events[0].Sequence}..{frame.Events[^1].Sequence} from {lane.Name}");
        broker.Append(partition, frame.Events);
        lane.Post(() =>
        {
            if (!dead)
            {
                unconfirmed.Remove(frame);
                frame.Confirmed.TrySetResult();
            }
        });
    }

    private EventLogUnavailableException Gone() => new($"The simulated connection for publishing to {partition} has ended.");

    private sealed record Frame(IReadOnlyList<EventEnvelope> Events)
    {
        public TaskCompletionSource Confirmed { get; } = new();
    }
}
