using System.Globalization;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Postgres;

/// <summary>
/// As whom the server runs. Postgres refuses the user root, so root runs it in a user namespace that calls root by another name: the data stays
/// root's own, and no other user is involved. Where namespaces aren't allowed (most containers) it runs as <c>nobody</c>, who owns the
/// cluster's folder then and keeps one capability, to get through root's private folders above it.
/// </summary>
internal sealed record ServerUser(string Name, IReadOnlyList<string> Prefix)
{
    /// <summary>The user of this process, whatever the server calls it.</summary>
    public const string Self = "self";

    public const string Nobody = "nobody";

    /// <summary>nobody's, everywhere. Both are in every system's user database, where initdb looks its user up.</summary>
    private const uint Number = 65534;

    private static readonly string Id = Number.ToString(CultureInfo.InvariantCulture);

    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(20);

    private static readonly string[] Namespace = ["unshare", "--user", $"--map-user={Id}", $"--map-group={Id}", "--"];

    private static readonly string[] Dropped =
        ["setpriv", $"--reuid={Id}", $"--regid={Id}", "--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"];

    /// <summary>Whether the cluster's folder has to belong to <c>nobody</c>.</summary>
    public bool IsNobody => Name == Nobody;

    /// <summary>Finds out by trying.</summary>
    /// <param name="kept">Who made the cluster, or null: then any who can.</param>
    /// <param name="folder">Where the cluster is, or will be.</param>
    /// <param name="installation">What is to be run.</param>
    /// <param name="cancellationToken">Stops the attempt.</param>
    /// <exception cref="PostgresServerException">This process is root's, and no way is open.</exception>
    public static async Task<ServerUser> ChooseAsync(string? kept, string folder, PostgresInstallation installation, CancellationToken cancellationToken)
    {
        if (Signals.Identity() is not { User: 0 })
        {
            return kept != Nobody ? new ServerUser(Self, [])
                : throw new PostgresServerException($"The data in {folder} was made by root: run as root again, or choose another --data.");
        }
        var faults = new List<string>();
        foreach (var way in (ServerUser[])[new(Self, Namespace), new(Nobody, Dropped)])
        {
            if (kept is not null && kept != way.Name)
            {
                continue;
            }
            if (await WhyNotAsync(way, folder, installation, cancellationToken) is not { } fault)
            {
                return way;
            }
            faults.Add(fault);
        }
        throw new PostgresServerException($"Postgres refuses to run as root, and here root can't run it otherwise ({string.Join("; ", faults)}). " +
            "Run as an ordinary user, or name a running server in ConnectionStrings__postgres.");
    }

    /// <summary>
    /// A command that runs <paramref name="executable"/> as this user. Every step execs: the pid is the server's. A change of user clears the
    /// parent-death signal, so it is set again behind it.
    /// </summary>
    public (string FileName, string[] Arguments) Command(string executable, IEnumerable<string> arguments) => Prefix.Count == 0
        ? (executable, [.. arguments])
        : (Prefix[0], [.. Prefix.Skip(1), "setpriv", "--pdeathsig", "KILL", "--", executable, .. arguments]);

    /// <summary>Makes the folder this user's.</summary>
    /// <exception cref="PostgresServerException">The file system doesn't let it.</exception>
    public void TakeOver(string folder)
    {
        if (!Signals.ChangeOwner(folder, Number, Number))
        {
            throw new PostgresServerException($"The folder {folder} can't be given to the user {Name}, as whom root has to run Postgres here. " +
                "Run as an ordinary user, choose another --data, or name a running server in ConnectionStrings__postgres.");
        }
    }

    private static async Task<string?> WhyNotAsync(ServerUser way, string folder, PostgresInstallation installation, CancellationToken cancellationToken)
    {
        var tool = way.Prefix[0];
        if (Executables.Find(tool) is null || !ParentDeath.IsTied)
        {
            return $"{tool} or setsid and setpriv of util-linux are missing";
        }
        try
        {
            var (fileName, arguments) = way.Command("/bin/sh", ["-c", """test -x "$1" && test -w "$0" """, folder, installation.Server]);
            var result = await Broker.Command.RunAsync(fileName, arguments, "/", ProbeLimit, cancellationToken);
            return result.ExitCode == 0 ? null
                : result.Errors.Length > 0 ? result.Errors.ReplaceLineEndings(" ") : $"with {tool} it can't enter {folder} or {installation.Bin}";
        }
        catch (BrokerException e)
        {
            return e.Message;
        }
    }
}
