using FlowPlatform.Hosting;

namespace FlowPlatform.Dashboard.Streams;

/// <summary>Asks every replica once a second how the flow through it is; each on its own, so that one that hangs holds up no other.</summary>
internal sealed class StatusSampler(ServiceAddresses addresses, ServiceClient client, FlowBoard board, HistoryWriter history, TimeProvider clock) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>A service that looks at a log which is away needs a second itself.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    private readonly Dictionary<ServiceAddress, (CancellationTokenSource Stop, Task Watching)> watched = [];

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var next = addresses.Next;
                var all = addresses.All;
                foreach (var gone in watched.Keys.Except(all).ToList())
                {
                    await EndAsync(gone);
                    board.Forget(gone);
                }

                foreach (var address in all.Except(watched.Keys).ToList())
                {
                    var stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                    watched[address] = (stop, WatchAsync(address, stop.Token));
                }

                // One that ends by a fault ends all, as hosted services do.
                await await Task.WhenAny([next.WaitAsync(stoppingToken), .. watched.Values.Select(static watch => watch.Watching)]);
            }
        }
        finally
        {
            foreach (var address in watched.Keys.ToList())
            {
                await EndAsync(address);
            }
        }
    }

    private async Task EndAsync(ServiceAddress address)
    {
        watched.Remove(address, out var watch);
        await watch.Stop.CancelAsync();
        await watch.Watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        watch.Stop.Dispose();
    }

    private async Task WatchAsync(ServiceAddress address, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            var reading = await AskAsync(address, stopping);
            board.Set(reading);
            history.Add(reading);
        }
        while (await timer.WaitForNextTickAsync(stopping));
    }

    private async Task<ServiceReading> AskAsync(ServiceAddress address, CancellationToken stopping)
    {
        var at = clock.GetUtcNow();
        var flow = TryAsync<FlowStatus>(address, "/flow/status", stopping);
        var health = TryAsync<HealthAnswer>(address, "/health", stopping);
        var (status, fault) = await flow;
        var (answer, silence) = await health;
        if (answer is null)
        {
            return new ServiceReading(address, at, null, ServiceReading.NoAnswer, [], silence ?? fault);
        }

        // What a status lacks that has no consumers, streams or outbox is no status of ours.
        var known = status is { Consumers: not null, Streams: not null, Outbox: not null } ? status : null;
        return new ServiceReading(
            address, at, known, answer.Status ?? "Unknown", [.. (answer.Checks ?? []).Where(static check => check is { Status: not "Healthy", Reason: not null }).Select(static check => check.Reason!)], known is null ? fault : null);
    }

    private async Task<(T? Answer, string? Fault)> TryAsync<T>(ServiceAddress address, string path, CancellationToken stopping)
        where T : class
    {
        try
        {
            return (await client.GetAsync<T>(address, path, Limit, stopping, anyStatus: path == "/health"), null);
        }
        catch (ServiceCallException e)
        {
            return (null, e.Message);
        }
    }
}
