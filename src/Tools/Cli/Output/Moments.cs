using System.Globalization;

namespace FlowPlatform.Cli;

/// <summary>Moments as people read them in a table: to the second, UTC. JSON has them as they are.</summary>
internal static class Moments
{
    /// <summary>What is no moment stays as it is; a null is nothing.</summary>
    public static string Shown(string? iso) => DateTimeOffset.TryParse(iso, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
        ? moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : iso ?? "";
}
