namespace FlowPlatform.Benchmarks.Measuring;

/// <summary>
/// A fixed rate, whatever becomes of what was sent: an event's latency counts from when it was due, so that a system that holds up the sender is not flattered.
/// </summary>
internal static class Pace
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    /// <summary>Sends at a rate for a time.</summary>
    /// <param name="perSecond">Events a second.</param>
    /// <param name="time">For how long.</param>
    /// <param name="send">Begins to send those that are due: number of the first, and when each was due.</param>
    /// <returns>How many were sent, once all are.</returns>
    public static async Task<int> RunAsync(double perSecond, TimeSpan time, Func<int, IReadOnlyList<DateTimeOffset>, Task> send)
    {
        var clock = TimeProvider.System;
        var total = (int)(perSecond * time.TotalSeconds);
        var started = clock.GetUtcNow();
        List<Task> sending = [];
        using var timer = new PeriodicTimer(Tick, clock);
        for (var sent = 0; sent < total;)
        {
            await timer.WaitForNextTickAsync();
            // The first is due at once.
            var due = Math.Min(total, (int)((clock.GetUtcNow() - started).TotalSeconds * perSecond) + 1);
            if (due > sent)
            {
                sending.Add(send(sent, [.. Enumerable.Range(sent, due - sent).Select(number => started + TimeSpan.FromSeconds(number / perSecond))]));
                sent = due;
            }
        }

        await Task.WhenAll(sending);
        return total;
    }
}
