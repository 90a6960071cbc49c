using System.Globalization;
using FlowPlatform.Dashboard.Storage;

namespace FlowPlatform.Dashboard.Controls;

/// <summary>How far back a page looks, in minutes.</summary>
public static class TimeRange
{
    /// <summary>Where nothing is chosen.</summary>
    public const int DefaultMinutes = 15;

    private const int MaxMinutes = 60 * 24 * 14;

    /// <summary>What can be chosen from.</summary>
    public static IReadOnlyList<(int Minutes, string Title)> Choices { get; } = [(1, "1 minute"), (5, "5 minutes"), (15, "15 minutes"), (60, "1 hour"), (360, "6 hours"), (1_440, "1 day"), (10_080, "7 days")];

    /// <summary>Reads what stands in an address.</summary>
    /// <param name="text">Minutes, or nothing.</param>
    public static int Minutes(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) && minutes is > 0 and <= MaxMinutes ? minutes : DefaultMinutes;

    /// <summary>The last minutes: of a run that is over, those before its end.</summary>
    internal static (DateTimeOffset From, DateTimeOffset To) Of(string? minutes, TelemetryRun run, TelemetryRuns runs, TimeProvider clock)
    {
        var to = run == runs.Current ? clock.GetUtcNow() : run.LastWritten;
        return (to - TimeSpan.FromMinutes(Minutes(minutes)), to);
    }
}
