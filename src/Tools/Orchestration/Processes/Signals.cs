using System.Runtime.InteropServices;

namespace FlowPlatform.Orchestration.Processes;

/// <summary>Unix signals and identities. On Windows only Kill has an effect: there is no polite signal for a console process of another group.</summary>
internal static partial class Signals
{
    private const int SigInt = 2;
    private const int SigKill = 9;
    private const int SigTerm = 15;

    /// <summary>Asks the process to end. False when it is gone already or the platform has no such signal.</summary>
    public static bool Terminate(int pid) => !OperatingSystem.IsWindows() && SendSignal(pid, SigTerm) == 0;

    /// <summary>Interrupts the process, as Ctrl-C does. False when it is gone already or the platform has no such signal.</summary>
    public static bool Interrupt(int pid) => !OperatingSystem.IsWindows() && SendSignal(pid, SigInt) == 0;

    /// <summary>Ends the process and, when it leads its own group (children started by us do), the whole group.</summary>
    public static bool Kill(int pid)
    {
        if (OperatingSystem.IsWindows())
        {
            return KillOnWindows(pid);
        }
        var group = SendSignal(-pid, SigKill) == 0;
        return SendSignal(pid, SigKill) == 0 || group;
    }

    /// <summary>The pid of the parent, or 0 where the platform doesn't tell.</summary>
    public static int ParentProcessId() => OperatingSystem.IsWindows() ? 0 : GetParentProcessId();

    /// <summary>The effective user and group, or null on Windows.</summary>
    public static (uint User, uint Group)? Identity() => OperatingSystem.IsWindows() ? null : (GetEffectiveUser(), GetEffectiveGroup());

    /// <summary>Gives a file or folder to another user and group. False when the system refuses.</summary>
    public static bool ChangeOwner(string path, uint user, uint group) => !OperatingSystem.IsWindows() && ChangeOwnerOf(path, user, group) == 0;

    private static bool KillOnWindows(int pid)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(pid);
            process.Kill(entireProcessTree: true);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false; // gone already
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ChangeOwnerOf(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "getppid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetParentProcessId();

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial uint GetEffectiveUser();

    [LibraryImport("libc", EntryPoint = "getegid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial uint GetEffectiveGroup();
}
