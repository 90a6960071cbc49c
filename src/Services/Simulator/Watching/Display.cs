using System.Globalization;

namespace Simulator.Watching;

/// <summary>
/// Prints one line of what flows: every second as a transient line, which starts with "~ " and is redrawn in place by whoever shows it;
/// as a plain line where nobody does, then with a known end every five seconds only, since the progress of a long replay fills a log. Not safe for concurrent use.
/// </summary>
internal sealed class Display(TextWriter output, TimeProvider clock, bool terminal)
{
    private const int BarWidth = 24;
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(5);

    private Point? last;

    /// <summary>Shows a moment.</summary>
    /// <param name="snapshot">What the services said.</param>
    /// <param name="sent">Orders that have arrived.</param>
    /// <param name="known">Orders that there are; null: endless.</param>
    /// <param name="eventTime">Event time of the newest action.</param>
    /// <param name="trouble">What is tried again; null: nothing.</param>
    public void Show(Snapshot snapshot, long sent, long? known, DateTimeOffset? eventTime, string? trouble)
    {
        var placed = snapshot.Orders is { } orders ? orders.ByStatus.Values.Sum() : last?.Placed ?? 0;
        var shipped = snapshot.Orders?.ByStatus.GetValueOrDefault("shipped") ?? last?.Shipped ?? 0;
        var events = snapshot.Statuses.Count == SimulatorOptions.Services.Count ? snapshot.Events : Math.Max(snapshot.Events, last?.Events ?? 0);
        var ended = snapshot.Orders?.ByStatus.Where(pair => QuietWatch.TerminalStates.Contains(pair.Key)).Sum(pair => pair.Value) ?? last?.Ended ?? 0;
        var now = new Point(clock.GetTimestamp(), sent, placed, shipped, ended, events);
        if (last is null || (!terminal && known is not null && clock.GetElapsedTime(last.Time, now.Time) < PlainInterval))
        {
            last ??= now;
            return;
        }

        var line = Describe(last, now, snapshot, known, eventTime);
        output.WriteLine($"{(terminal ? "~ " : "")}{line}{(trouble is null ? "" : $" | trying again: {Shorten(trouble)}")}");
        last = now;
    }

    /// <summary>Prints lines that stay.</summary>
    public void Write(params IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            output.WriteLine(line);
        }

        output.Flush();
    }

    private string Describe(Point before, Point now, Snapshot snapshot, long? known, DateTimeOffset? eventTime)
    {
        var seconds = Math.Max(0.001, clock.GetElapsedTime(before.Time, now.Time).TotalSeconds);
        var bar = known is { } orders ? $"{Bar(orders == 0 ? 1 : (double)(now.Sent + now.Ended) / (2 * orders))} " : "";
        var day = eventTime is { } time ? time.ToString("yyyy-MM-dd HH:mm ", CultureInfo.InvariantCulture) : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{bar}{day}orders {now.Sent:N0} sent {(now.Sent - before.Sent) / seconds:N0}/s, placed {(now.Placed - before.Placed) / seconds:N0}/s, shipped {now.Shipped:N0} {(now.Shipped - before.Shipped) / seconds:N0}/s | events {(now.Events - before.Events) / seconds:N0}/s | lag {snapshot.Lag:N0} | outbox {snapshot.Outbox:N0}{Missing(snapshot)}");
    }

    private static string Missing(Snapshot snapshot)
    {
        var missing = SimulatorOptions.Services.Where(service => !snapshot.Statuses.ContainsKey(service)).ToList();
        return missing.Count == 0 ? "" : $" | no answer: {string.Join(", ", missing)}";
    }

    private static string Bar(double share)
    {
        var full = (int)(Math.Clamp(share, 0, 1) * BarWidth);
        return string.Create(CultureInfo.InvariantCulture, $"[{new string('#', full)}{new string('.', BarWidth - full)}] {Math.Floor(Math.Clamp(share, 0, 1) * 100):N0} %");
    }

    private static string Shorten(string text) => text.Length <= 120 ? text : text[..120] + "…";

    private sealed record Point(long Time, long Sent, long Placed, long Shipped, long Ended, long Events);
}
