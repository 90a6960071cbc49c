using System.Globalization;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Chaos.Running;

/// <summary>
/// A store's folder on a file system of its own, in memory, that can be filled. It is mounted in a mount namespace of the AppHost's: nobody else sees it, and it is gone with its last process.
/// Needs root, or user namespaces.
/// </summary>
/// <param name="Folder">Where it is mounted.</param>
/// <param name="Bytes">Its size.</param>
internal sealed record SmallDisk(string Folder, long Bytes)
{
    private const string Mount = """mkdir -p "$1" && mount -t tmpfs -o size="$2",mode=0700 flow-chaos "$1" || exit 97; shift 2; exec "$@" """;

    /// <summary>Why there can't be one here; null if there can.</summary>
    public static async Task<string?> WhyNotAsync(string folder, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux() || Executables.Find("unshare") is null || Executables.Find("setpriv") is null)
        {
            return "there is no unshare or setpriv";
        }

        var disk = new SmallDisk(folder, 1 << 20);
        var (program, arguments) = disk.Command("true", []);
        var probe = await ChildProcess.StartAsync(new ChildProcessStart(program, arguments) { WorkingDirectory = Path.GetTempPath() });
        await using (probe)
        {
            return await probe.Exited.WaitAsync(cancellationToken) == 0 ? null : "neither root nor a user namespace may mount a tmpfs";
        }
    }

    /// <summary>The command with this disk mounted. It keeps its pid, and dies with its parent: entering a namespace makes the kernel forget that, so it is said again.</summary>
    public (string Program, IReadOnlyList<string> Arguments) Command(string program, IEnumerable<string> arguments)
    {
        string[] user = Signals.Identity() is (0, _) ? [] : ["--user", "--map-root-user"];
        return (
            "unshare",
            [.. user, "--mount", "--propagation", "private", "--", "sh", "-c", Mount, "sh", Folder, Bytes.ToString(CultureInfo.InvariantCulture), "setpriv", "--pdeathsig", "KILL", "--", program, .. arguments]);
    }
}
