using System.Collections.Immutable;
using System.Text.Json;
using FlowPlatform.Dashboard.Storage;

namespace FlowPlatform.Dashboard.Resources;

/// <summary>What one resource has written, as far as it is kept here. Immutable.</summary>
/// <param name="Lines">In order.</param>
/// <param name="Missed">How many lines between these could not be had: they came too fast, or were gone.</param>
/// <param name="Fault">Why nothing newer is known; null while the AppHost tells.</param>
internal sealed record ConsoleText(ImmutableList<ConsoleLine> Lines, long Missed, string? Fault);

/// <summary>Follows the console of one resource for as long as somebody looks: one connection for all who do. Keeps the last 5,000 lines. Safe for concurrent use.</summary>
internal sealed class ConsoleFeed : IDisposable
{
    public const int LinesMax = 5_000;

    /// <summary>As many as the AppHost keeps.</summary>
    private const int TailLines = 2_000;

    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource end = new();
    private readonly Pulse pulse = new();
    private readonly ResourceClient client;
    private readonly TimeProvider clock;
    private readonly string resource;
    private ConsoleText now = new([], 0, null);

    public ConsoleFeed(ResourceClient client, string resource, TimeProvider clock)
    {
        (this.client, this.resource, this.clock) = (client, resource, clock);
        Reading = ReadAsync(end.Token);
    }

    /// <summary>Ends after the disposal.</summary>
    public Task Reading { get; }

    /// <summary>Completes with the next change. Take it before you look.</summary>
    public Task Next => pulse.Next;

    public ConsoleText Now => Volatile.Read(ref now);

    /// <summary>How many look; guarded by who hands it out.</summary>
    public int Viewers { get; set; }

    public void Dispose()
    {
        end.Cancel();
        end.Dispose();
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        string? instance = null;
        var last = 0L;
        try
        {
            while (true)
            {
                try
                {
                    await foreach (var item in client.ConsoleAsync(resource, instance, last, TailLines, cancellationToken))
                    {
                        if (item.EventType == "lines" && JsonSerializer.Deserialize<ConsoleLines>(item.Data, JsonSerializerOptions.Web) is { Lines: not null } read)
                        {
                            Take(read, isAnew: instance is not null && instance != read.Instance, isFirst: instance is null);
                            (instance, last) = (read.Instance, read.Lines.Count > 0 ? read.Lines[^1].Number : last);
                        }
                    }
                }
                catch (Exception e) when (e is ResourceServiceException or JsonException)
                {
                    Set(Now with { Fault = e.Message });
                }

                await Task.Delay(Again, clock, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Nobody looks any more.
        }
    }

    /// <param name="read">What came.</param>
    /// <param name="isAnew">From another AppHost: what was there is of the past.</param>
    /// <param name="isFirst">Lines before the first ones are not missed.</param>
    private void Take(ConsoleLines read, bool isAnew, bool isFirst)
    {
        var before = isAnew ? new ConsoleText([], 0, null) : Now;
        var lines = before.Lines.AddRange(read.Lines);
        Set(new ConsoleText(lines.Count > LinesMax ? lines.RemoveRange(0, lines.Count - LinesMax) : lines, before.Missed + (isAnew || isFirst ? 0 : read.Skipped), null));
    }

    private void Set(ConsoleText text)
    {
        Volatile.Write(ref now, text);
        pulse.Beat();
    }
}

/// <summary>Hands out consoles: those who look at the same one share it. Safe for concurrent use.</summary>
internal sealed class ConsoleFeeds(ResourceClient client, TimeProvider clock) : IDisposable
{
    /// <summary>Different consoles that are followed at a time; the AppHost serves 32 readers.</summary>
    public const int FeedsMax = 24;

    private readonly Lock gate = new();
    private readonly Dictionary<string, ConsoleFeed> feeds = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Begins to follow, or joins who does. To be given back with <see cref="Return"/>.</summary>
    /// <exception cref="ResourceServiceException">Too many are followed.</exception>
    public ConsoleFeed Take(string resource)
    {
        lock (gate)
        {
            if (!feeds.TryGetValue(resource, out var feed))
            {
                feeds[resource] = feed = feeds.Count < FeedsMax
                    ? new ConsoleFeed(client, resource, clock)
                    : throw new ResourceServiceException($"The consoles of {FeedsMax} resources are open in browsers. Close one.");
            }

            feed.Viewers++;
            return feed;
        }
    }

    public void Return(string resource)
    {
        lock (gate)
        {
            if (feeds.TryGetValue(resource, out var feed) && --feed.Viewers == 0)
            {
                feeds.Remove(resource);
                feed.Dispose();
            }
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var feed in feeds.Values)
            {
                feed.Dispose();
            }

            feeds.Clear();
        }
    }
}
