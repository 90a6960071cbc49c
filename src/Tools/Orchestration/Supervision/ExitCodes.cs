using System.Globalization;

namespace FlowPlatform.Orchestration.Supervision;

internal static class ExitCodes
{
    private const int SignalBase = 128;

    private static readonly Dictionary<int, string> Signals = new()
    {
        [1] = "SIGHUP",
        [2] = "SIGINT",
        [6] = "SIGABRT, an unhandled exception",
        [9] = "SIGKILL",
        [11] = "SIGSEGV",
        [15] = "SIGTERM",
    };

    /// <summary>A code above 128 is a signal's number.</summary>
    public static string Describe(int exitCode) => Signals.TryGetValue(exitCode - SignalBase, out var signal)
        ? signal
        : string.Create(CultureInfo.InvariantCulture, $"exit code {exitCode}");
}
