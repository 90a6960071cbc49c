using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Broker.Containers;

/// <summary>The files of a broker's container below its data directory, and the command that runs it. Secrets are in a file of mode 0600, never on a command line.</summary>
internal sealed class ContainerLayout(string dataDirectory, ContainerEngine engine, string image, NodeSecrets secrets, int amqpPort, int streamPort)
{
    public const string Folder = "container";
    public const string DataLabel = "flowplatform.data";
    private const int StopSeconds = 8;
    private const string DatabaseFolder = "data";
    private const string FinishedName = "database.made";

    /// <summary>One per data directory, so that what is left of an earlier run can be found.</summary>
    public string Key { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataDirectory)))[..12];

    public string Name => $"flowplatform-rabbitmq-{Key}";

    private string Root => Path.Combine(dataDirectory, Folder);

    private string Database => Path.Combine(Root, DatabaseFolder);

    private string EnvironmentFile => Path.Combine(Root, "environment");

    private string ConfigurationFile => Path.Combine(Root, "90-flowplatform.conf");

    private string PluginsFile => Path.Combine(Root, "enabled_plugins");

    public void Write()
    {
        PrivateFile.CreateFolder(Root);
        PrivateFile.CreateFolder(Database);
        PrivateFile.Write(EnvironmentFile,
            $"RABBITMQ_DEFAULT_USER={secrets.User}\nRABBITMQ_DEFAULT_PASS={secrets.Password}\nRABBITMQ_NODENAME={secrets.NodeName}\n");
        // These two are read by the container's own user, who may be another.
        File.WriteAllText(ConfigurationFile, Configuration());
        File.WriteAllText(PluginsFile, "[rabbitmq_stream].\n");
    }

    /// <summary>A container that is killed while it makes its database may leave one without our user. Until it has served once, there is nothing in it to lose.</summary>
    /// <exception cref="BrokerException">It belongs to a user of the container, whom only the engine can act for.</exception>
    public void RemoveUnfinishedDatabase()
    {
        if (File.Exists(FinishedMark) || !Directory.Exists(Database))
        {
            return;
        }
        try
        {
            Directory.Delete(Database, recursive: true);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new BrokerException($"{Database} holds a broker's database that was never finished, and belongs to a user of the container. " +
                "Remove it (as root, or with 'podman unshare rm -r'), or choose another --data.", e);
        }
    }

    public void MarkDatabaseFinished() => File.WriteAllText(FinishedMark, "");

    /// <summary>Whether a container has served from this directory.</summary>
    public static bool HoldsDatabase(string dataDirectory) => File.Exists(Path.Combine(dataDirectory, Folder, FinishedName));

    private string FinishedMark => Path.Combine(Root, FinishedName);

    /// <summary>In the foreground: its output is the broker's, its end is the container's.</summary>
    public string[] RunArguments((uint User, uint Group)? caller) =>
    [
        "run",
        "--name", Name,
        "--hostname", "localhost",
        "--label", $"{DataLabel}={Key}",
        "--pull", "never",
        "--sig-proxy=false",
        "--stop-timeout", Number(StopSeconds),
        "--publish", $"127.0.0.1:{Number(amqpPort)}:5672",
        "--publish", $"127.0.0.1:{Number(streamPort)}:5552",
        "--env-file", EnvironmentFile,
        "--volume", $"{Database}:/var/lib/rabbitmq:Z",
        "--volume", $"{ConfigurationFile}:/etc/rabbitmq/conf.d/90-flowplatform.conf:ro,Z",
        "--volume", $"{PluginsFile}:/etc/rabbitmq/enabled_plugins:ro,Z",
        "--log-driver", "none",
        "--security-opt", "no-new-privileges",
        .. UserArguments(caller),
        image,
    ];

    /// <summary>
    /// The files in the data directory are to be the caller's. Root's container hands them to the image's own user, which root can undo; a rootless Docker's root
    /// is the caller, but its image's user is not.
    /// </summary>
    private string[] UserArguments((uint User, uint Group)? caller)
    {
        if (!OperatingSystem.IsLinux() || caller is not ({ } user, { } group) || user == 0)
        {
            return [];
        }
        var mapped = new[] { "--user", $"{Number((int)user)}:{Number((int)group)}" };
        return engine switch
        {
            { Kind: EngineKind.Podman, IsRootless: true } => ["--userns", "keep-id", .. mapped],
            { IsRootless: true } => [],
            _ => mapped,
        };
    }

    private string Configuration() => string.Create(CultureInfo.InvariantCulture, $"""
        stream.advertised_host = 127.0.0.1
        stream.advertised_port = {streamPort}
        stream.frame_max = {NodeLayout.FrameBytesMax}
        disk_free_limit.absolute = {NodeLayout.DiskFreeBytesMin}
        log.console.level = warning

        """);

    /// <summary>Engines separate the parts of a mount by colons.</summary>
    public static void CheckDirectory(string dataDirectory)
    {
        if (!OperatingSystem.IsWindows() && dataDirectory.Contains(':', StringComparison.Ordinal))
        {
            throw new BrokerException($"A container can't mount a folder with a colon in its path: {dataDirectory}. Choose another --data.");
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
