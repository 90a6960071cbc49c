using System.Globalization;

namespace FlowPlatform.Dashboard.Resources;

/// <summary>Times as people say them.</summary>
internal static class Durations
{
    /// <summary>Like <c>12 s</c>, <c>3 min 5 s</c>, <c>2 h 14 min</c>, <c>3 d 4 h</c>.</summary>
    public static string Short(TimeSpan time) => time switch
    {
        { Ticks: < 0 } => "0 s",
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Seconds} s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s"),
        { TotalDays: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Hours} h {time.Minutes} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays} d {time.Hours} h"),
    };
}
