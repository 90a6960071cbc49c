using System.Globalization;
using FlowPlatform.Orchestration.Broker;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>
/// The port of the dashboard's pages, kept with the data (<c>dashboard.port</c>): a page that is open, or bookmarked, is there again after a restart.
/// </summary>
internal static class KeptPort
{
    private const string FileName = "dashboard.port";

    /// <summary>The port of earlier starts while it is free, else the one that is offered. An offered one is kept if none was before: one that was only lent to somebody else comes back.</summary>
    /// <param name="dataDirectory">Where it is kept.</param>
    /// <param name="offered">A free one.</param>
    /// <returns>The port, and the kept one if somebody else listens there.</returns>
    public static (int Port, int? Taken) Choose(string dataDirectory, int offered)
    {
        var file = Path.Combine(dataDirectory, FileName);
        if (File.Exists(file) && int.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var kept) && kept is > 0 and <= ushort.MaxValue)
        {
            return LoopbackPorts.IsFree(kept) ? (kept, null) : (offered, kept);
        }
        File.WriteAllText(file, string.Create(CultureInfo.InvariantCulture, $"{offered}\n"));
        return (offered, null);
    }
}
