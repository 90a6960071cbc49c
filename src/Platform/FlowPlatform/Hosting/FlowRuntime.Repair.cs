using FlowPlatform.Consumers;
using FlowPlatform.Stores;

namespace FlowPlatform.Hosting;

/// <content>What has stopped can be repaired and run again, while the rest goes on.</content>
public sealed partial class FlowRuntime
{
    private readonly Dictionary<string, Part> parts = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim repairing = new(1);

    /// <summary>Stops a consumer, if it still runs, repairs what it starts from, and runs it again, whether that succeeded or not. One repair at a time.</summary>
    /// <param name="consumer">Its name.</param>
    /// <param name="repair">Changes what it starts from; nobody else does meanwhile.</param>
    /// <param name="cancellationToken">Cancels.</param>
    internal Task<T> RepairConsumerAsync<T>(string consumer, Func<Task<T>> repair, CancellationToken cancellationToken) => RepairAsync(
        consumer,
        repair,
        () =>
        {
            var index = Array.FindIndex(loops, loop => loop.Consumer.Name == consumer);
            var declared = definition.Consumers.Single(candidate => candidate.Type == loops[index].Consumer.GetType());
            var fresh = NewLoop(declared, loops[index].Consumer);
            loops[index].Dispose();
            loops = [.. loops[..index], fresh, .. loops[(index + 1)..]];
            RunConsumer(fresh);
        },
        cancellationToken);

    /// <summary>The same for the outbox's relay.</summary>
    internal Task<T> RepairRelayAsync<T>(Func<Task<T>> repair, CancellationToken cancellationToken) => RepairAsync(
        Incident.Relay,
        repair,
        () =>
        {
            relay = null;
            RunRelay();
        },
        cancellationToken);

    private async Task<T> RepairAsync<T>(string what, Func<Task<T>> repair, Action run, CancellationToken cancellationToken)
    {
        await repairing.WaitAsync(cancellationToken);
        try
        {
            var part = parts[what];
            await part.Stop.EndAsync();

            // Whoever is told to end is run again, so it is waited for whether the caller still does or not; the stop is bounded (FLOW_STOP_TIMEOUT).
            await part.Ended;
            try
            {
                return await repair();
            }
            finally
            {
                part.Stop.Dispose();
                run();
            }
        }
        finally
        {
            repairing.Release();
        }
    }

    private void RunRelay() => Run(Incident.Relay, "outbox relay", HoldAsync(LeaseUnit.OutboxRelay, PublishAsync), stopped => relay?.Fail(stopped));

    private void RunConsumer(ConsumerLoop loop) => Run(loop.Consumer.Name, loop.Consumer.Name, loop.RunAsync, loop.Fail);

    private void Run(string name, string what, Func<CancellationToken, Task> run, Action<Exception> failed)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        var part = new Part(stop, SuperviseAsync(what, run, failed, stop.Token));
        lock (running)
        {
            parts[name] = part;
            running.RemoveAll(static task => task.IsCompleted);
            running.Add(part.Ended);
        }
    }

    /// <summary>Names of what has not ended.</summary>
    private List<string> RunningParts()
    {
        lock (running)
        {
            return [.. parts.Where(part => !part.Value.Ended.IsCompleted).Select(part => part.Key).DefaultIfEmpty("command relay")];
        }
    }

    private List<Task> Running()
    {
        lock (running)
        {
            return [.. running];
        }
    }

    private sealed record Part(CancellationTokenSource Stop, Task Ended);
}
