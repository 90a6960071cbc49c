using FlowPlatform.Dashboard.Controls;

namespace FlowPlatform.Dashboard.Metrics;

/// <summary>Writes values with the unit of their instrument, given in UCUM's notation.</summary>
internal static class MetricUnit
{
    /// <summary>A value of an instrument.</summary>
    /// <param name="value">The value.</param>
    /// <param name="unit">Such as <c>s</c>, <c>By</c> or <c>{event}</c>.</param>
    /// <param name="isRate">Whether it is per second.</param>
    public static string Write(double value, string unit, bool isRate)
    {
        if (!double.IsFinite(value))
        {
            return "–";
        }

        var text = unit switch
        {
            "s" when !isRate => Time(value),
            "ms" when !isRate => Time(value / 1e3),
            "us" when !isRate => Time(value / 1e6),
            "ns" when !isRate => Time(value / 1e9),
            "By" => Math.Abs(value) < long.MaxValue ? Format.Bytes((long)value) : Format.Number(value),
            "%" => $"{Format.Number(value)} %",
            "" or "1" => Format.Number(value),
            // Annotations are words, not units: they are in the title.
            ['{', ..] => Format.Number(value),
            _ => $"{Format.Number(value)} {unit}",
        };
        return isRate ? $"{text}/s" : text;
    }

    /// <summary>What is counted, in words; empty where the unit is in the values.</summary>
    public static string Words(string unit) => unit is ['{', .. var word, '}'] ? word : "";

    private static string Time(double seconds) => Math.Abs(seconds) < TimeSpan.MaxValue.TotalSeconds / 2 ? Format.Duration(TimeSpan.FromSeconds(seconds)) : $"{Format.Number(seconds)} s";
}
