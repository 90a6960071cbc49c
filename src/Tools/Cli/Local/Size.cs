using System.Globalization;

namespace FlowPlatform.Cli;

/// <summary>Sizes for people.</summary>
internal static class Size
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB"];

    public static string Of(long bytes)
    {
        var (size, unit) = ((double)bytes, 0);
        while (size >= 999.5 && unit < Units.Length - 1)
        {
            (size, unit) = (size / 1000, unit + 1);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {Units[unit]}");
    }
}
