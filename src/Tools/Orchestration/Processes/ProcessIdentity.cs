using System.Diagnostics;
using System.Globalization;

namespace FlowPlatform.Orchestration.Processes;

/// <summary>
/// A process that can't be mistaken for a later one with the same pid: pid plus start time.
/// On Linux the start time is in ticks since boot together with the boot's id, so that a change of the wall clock doesn't matter.
/// </summary>
internal sealed record ProcessIdentity(int ProcessId, string Started)
{
    private const int StartTimeField = 22;

    // Before Current, whose initializer needs it.
    private static readonly Lazy<string> BootId = new(() =>
        File.Exists("/proc/sys/kernel/random/boot_id") ? File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim() : "boot");

    public static ProcessIdentity Current { get; } =
        Of(Environment.ProcessId) ?? throw new InvalidOperationException("The start time of this process can't be read.");

    /// <summary>The identity of a live process, or null when there is none (a zombie counts as none).</summary>
    public static ProcessIdentity? Of(int pid)
    {
        if (pid <= 0)
        {
            return null;
        }
        var started = OperatingSystem.IsLinux() ? StartedOnLinux(pid) : StartedElsewhere(pid);
        return started is null ? null : new ProcessIdentity(pid, started);
    }

    public bool IsAlive => this == Of(ProcessId);

    private static string? StartedOnLinux(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            // The command name is in parentheses and may hold blanks and parentheses itself: fields count from the last one.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : $"{fields[StartTimeField - 3]}@{BootId.Value}";
        }
        catch (IOException)
        {
            return null; // no such process
        }
        catch (UnauthorizedAccessException)
        {
            return null; // hidden by hidepid: not ours
        }
    }

    private static string? StartedElsewhere(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return process.HasExited ? null : process.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
