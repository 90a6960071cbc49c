using System.Globalization;

namespace FlowPlatform.Dashboard.Controls;

/// <summary>Writes figures as they are read: three digits, and the unit.</summary>
public static class Format
{
    private const int Kilo = 1_000;
    private const int Kibi = 1_024;
    private static readonly string[] ByteUnits = ["B", "KiB", "MiB", "GiB", "TiB"];
    private static readonly string[] Thousands = ["", "k", "M", "G", "T"];

    /// <summary>Such as <c>850 µs</c>, <c>12.3 ms</c>, <c>4.56 s</c>, <c>3 min 5 s</c>.</summary>
    public static string Duration(TimeSpan duration) => duration.TotalSeconds switch
    {
        < 0 => "−" + Duration(-duration),
        0 => "0",
        < 0.001 => $"{Digits(duration.TotalMicroseconds)} µs",
        < 1 => $"{Digits(duration.TotalMilliseconds)} ms",
        < 60 => $"{Digits(duration.TotalSeconds)} s",
        < 3_600 => $"{(int)duration.TotalMinutes} min {duration.Seconds} s",
        < 86_400 => $"{(int)duration.TotalHours} h {duration.Minutes} min",
        _ => $"{(int)duration.TotalDays} d {duration.Hours} h",
    };

    /// <summary>A time of day in UTC, to the millisecond.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    /// <summary>Day and time in UTC, to the second.</summary>
    public static string DayAndTime(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>All of it, for machines and for who looks closely: ISO 8601, UTC.</summary>
    public static string Exact(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>A whole number with separators.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Such as <c>0.2/s</c>, <c>15/s</c>, <c>1.25k/s</c>.</summary>
    public static string Rate(double perSecond) => $"{Number(perSecond)}/s";

    /// <summary>Such as <c>12.5 MiB</c>.</summary>
    public static string Bytes(long bytes) => Scaled(bytes, Kibi, ByteUnits, " ");

    /// <summary>Such as <c>0.25</c>, <c>17</c>, <c>1.25k</c>.</summary>
    public static string Number(double value) => Scaled(value, Kilo, Thousands, "");

    /// <summary>Such as <c>0.5 %</c>; what is not nothing is not shown as nothing.</summary>
    public static string Share(double share) => share switch
    {
        0 => "0 %",
        < 0.001 => "< 0.1 %",
        _ => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.#} %"),
    };

    private static string Scaled(double value, int step, string[] units, string between)
    {
        if (!double.IsFinite(value))
        {
            return "–";
        }

        var unit = 0;
        var scaled = Math.Abs(value);
        // What would be rounded to 1000 is 1 of the next unit.
        while (scaled >= step - 0.5 && unit < units.Length - 1)
        {
            scaled /= step;
            unit++;
        }

        return $"{(value < 0 ? "−" : "")}{Digits(scaled)}{(units[unit].Length > 0 ? between : "")}{units[unit]}";
    }

    private static string Digits(double value) => value.ToString(
        Math.Abs(value) switch { >= 1e6 => "0.##E+0", >= 99.95 => "0", >= 9.995 => "0.#", >= 0.0995 or 0 => "0.##", _ => "0.###" }, CultureInfo.InvariantCulture);
}
