namespace FlowPlatform.Dashboard.Storage;

/// <summary>Makes a text a part of a LIKE pattern (ESCAPE '\').</summary>
internal static class LikePattern
{
    public static string Escape(string text) =>
        text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal).Replace("_", @"\_", StringComparison.Ordinal);
}
