using System.Diagnostics;

namespace FlowPlatform.Orchestration.Processes;

/// <summary>
/// Ties a child's life to ours. On Linux the command runs under <c>setsid setpriv --pdeathsig KILL</c>: a session of its own, so that
/// a terminal's Ctrl-C reaches only the host, and death by the kernel's hand when the host ends in any way. Both tools exec, the pid stays.
/// On macOS and Windows the kernel has no such signal: a host that is killed leaves its children, and the next start on the same data
/// directory sweeps them (<see cref="ProcessJournal"/>).
/// </summary>
internal static class ParentDeath
{
    private static readonly Lazy<(string Setsid, string Setpriv)?> Tools = new(Find);

    /// <summary>Whether children die with this process however it ends.</summary>
    public static bool IsTied => Tools.Value is not null;

    /// <summary>Sets file name and arguments so that the command runs tied to this process, where the platform can.</summary>
    public static void Apply(ProcessStartInfo startInfo, string fileName, IEnumerable<string> arguments)
    {
        if (Tools.Value is var (setsid, setpriv))
        {
            startInfo.FileName = setsid;
            foreach (var argument in (string[])[setpriv, "--pdeathsig", "KILL", "--", fileName])
            {
                startInfo.ArgumentList.Add(argument);
            }
        }
        else
        {
            startInfo.FileName = fileName;
        }
        foreach (var argument in arguments)
        {
            startInfo.ArgumentList.Add(argument);
        }
    }

    private static (string Setsid, string Setpriv)? Find()
    {
        if (!OperatingSystem.IsLinux() || Executables.Find("setsid") is not { } setsid || Executables.Find("setpriv") is not { } setpriv)
        {
            return null;
        }
        // BusyBox's setpriv lacks the option.
        using var probe = Process.Start(new ProcessStartInfo(setpriv, ["--pdeathsig", "KILL", "--", setsid, "--version"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        });
        return probe is not null && probe.WaitForExit(TimeSpan.FromSeconds(10)) && probe.ExitCode == 0 ? (setsid, setpriv) : null;
    }
}
