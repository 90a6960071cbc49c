using FlowPlatform.Log;

namespace FlowPlatform.Simulation;

/// <summary>A subscription: chunk by chunk, three of them unreturned at most. Nothing comes twice.</summary>
internal sealed class SimulatedReader(Broker broker, Lane lane, PartitionId partition, long start) : IPartitionReader
{
    private long next = start;
    private int credits = 3;
    private bool dead;
    private TaskCompletionSource? waiting;

    public PartitionId Partition => partition;

    public Lane Lane => lane;

    public async ValueTask<LogBatch> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await broker.Machine.PauseAsync();
            cancellationToken.ThrowIfCancellationRequested();
            if (dead)
            {
                throw new EventLogUnavailableException($"The simulated subscription to {partition} has ended.");
            }

            if (credits > 0 && broker.Of(partition).Read(next) is { Count: > 0 } records)
            {
                credits--;
                next = records[^1].Offset + 1;
                broker.Delivered?.Invoke(lane, records);
                return new LogBatch(partition, records, Return);
            }

            waiting = new TaskCompletionSource();
            await waiting.Task.WaitAsync(cancellationToken);
        }
    }

    public void Wake()
    {
        if (waiting is { } sleeper)
        {
            waiting = null;
            lane.Post(() => sleeper.TrySetResult());
        }
    }

    public void Cut()
    {
        dead = true;
        Wake();
    }

    public ValueTask DisposeAsync()
    {
        Cut();
        return ValueTask.CompletedTask;
    }

    private void Return()
    {
        credits++;
        Wake();
    }
}
