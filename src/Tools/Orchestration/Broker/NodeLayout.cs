using System.Globalization;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>The ports of one node, all on 127.0.0.1.</summary>
internal sealed record NodePorts(int Amqp, int Stream, int Distribution, int Epmd)
{
    public static NodePorts Choose(PrivateBrokerOptions options)
    {
        foreach (var (name, port) in new[] { ("AMQP", options.AmqpPort), ("stream", options.StreamPort) })
        {
            if (port is { } wanted && !LoopbackPorts.IsFree(wanted))
            {
                throw new BrokerException($"The broker's {name} port {wanted} is taken on 127.0.0.1. End what listens there, or choose another port.");
            }
        }
        var free = LoopbackPorts.Take(4);
        return new NodePorts(options.AmqpPort ?? free[0], options.StreamPort ?? free[1], free[2], options.Member?.EpmdPort ?? free[3]);
    }
}

/// <summary>The files and the environment of one node. Nothing of the system's RabbitMQ or of the user's Erlang is read or written.</summary>
internal sealed class NodeLayout(string dataDirectory, NodeSecrets secrets, NodePorts ports, BrokerInstallation installation, PrivateBrokerOptions options)
{
    /// <summary>
    /// What a client may send in one frame, 4 MiB: it bounds the largest event. The broker's default is 1 MiB.
    /// </summary>
    internal const int FrameBytesMax = 4 << 20;
    private const string DatabaseFolder = "mnesia";
    internal const long DiskFreeBytesMin = 200L << 20;

    private string Home => Path.Combine(dataDirectory, "home");

    private string Logs => Path.Combine(dataDirectory, "log");

    public void Write()
    {
        foreach (var folder in (string[])[Home, Logs, Path.Combine(dataDirectory, DatabaseFolder)])
        {
            PrivateFile.CreateFolder(folder);
        }
        var cookie = Path.Combine(Home, ".erlang.cookie");
        File.Delete(cookie); // Erlang wants 0400, which we couldn't overwrite
        PrivateFile.Write(cookie, secrets.Cookie);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(cookie, UnixFileMode.UserRead);
        }
        File.WriteAllText(Path.Combine(dataDirectory, "enabled_plugins"), $"[{string.Join(',', options.Plugins.Prepend("rabbitmq_stream"))}].\n");
        var lines = (options.Member?.Configuration() ?? []).Concat(options.Configuration);
        PrivateFile.Write(Path.Combine(dataDirectory, "rabbitmq.conf"), Configuration() + string.Concat(lines.Select(line => $"{line}\n")));
    }

    /// <summary>
    /// A node that is killed while it makes its database may leave one without our user, who is created only with a new database.
    /// Until a node has served once, there is nothing in it to lose.
    /// </summary>
    public static void RemoveUnfinishedDatabase(string dataDirectory)
    {
        if (!HoldsDatabase(dataDirectory))
        {
            RemoveDatabase(dataDirectory);
        }
    }

    public static void RemoveDatabase(string dataDirectory)
    {
        if (HoldsDatabase(dataDirectory))
        {
            File.Delete(FinishedMark(dataDirectory));
        }
        var database = Path.Combine(dataDirectory, DatabaseFolder);
        if (Directory.Exists(database))
        {
            Directory.Delete(database, recursive: true);
        }
    }

    /// <summary>Whether a private node has served from this directory.</summary>
    public static bool HoldsDatabase(string dataDirectory) => File.Exists(FinishedMark(dataDirectory));

    public static void MarkDatabaseFinished(string dataDirectory) => File.WriteAllText(FinishedMark(dataDirectory), "");

    private static string FinishedMark(string dataDirectory) => Path.Combine(dataDirectory, "database.made");

    /// <summary>default_user and default_pass replace guest when the database is created.</summary>
    private string Configuration() => string.Create(CultureInfo.InvariantCulture, $"""
        listeners.tcp.1 = 127.0.0.1:{ports.Amqp}
        stream.listeners.tcp.1 = 127.0.0.1:{ports.Stream}
        stream.advertised_host = 127.0.0.1
        stream.advertised_port = {options.AdvertisedStreamPort ?? ports.Stream}
        stream.frame_max = {FrameBytesMax}
        default_user = {secrets.User}
        default_pass = {secrets.Password}
        disk_free_limit.absolute = {DiskFreeBytesMin}
        log.console = true
        log.console.level = warning
        log.file = node.log
        log.file.rotation.size = 10485760
        log.file.rotation.count = 3

        """);

    public Dictionary<string, string?> Environment()
    {
        var environment = InheritedSettings().ToDictionary(name => name, _ => (string?)null, StringComparer.Ordinal);
        var path = System.Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin";
        var port = (int number) => number.ToString(CultureInfo.InvariantCulture);
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["PATH"] = $"{installation.ErlangBin}:{path}",
            ["HOME"] = Home,
            ["RABBITMQ_NODENAME"] = secrets.NodeName,
            ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODE_PORT"] = port(ports.Amqp),
            ["RABBITMQ_DIST_PORT"] = port(ports.Distribution),
            ["ERL_EPMD_PORT"] = port(ports.Epmd),
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(dataDirectory, "rabbitmq.conf"),
            ["RABBITMQ_ADVANCED_CONFIG_FILE"] = Path.Combine(dataDirectory, "advanced.config"),
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(dataDirectory, DatabaseFolder),
            ["RABBITMQ_LOG_BASE"] = Logs,
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(dataDirectory, "enabled_plugins"),
            ["RABBITMQ_PID_FILE"] = Path.Combine(dataDirectory, "rabbitmq.pid"),
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false" + options.Member?.Arguments,
            // The script then execs the VM: the pid that we start is the node itself, and SIGTERM stops it in order.
            ["RUNNING_UNDER_SYSTEMD"] = "true",
            ["ERL_CRASH_DUMP"] = Path.Combine(Logs, "erl_crash.dump"),
            ["ERL_CRASH_DUMP_BYTES"] = "10000000",
        })
        {
            environment[name] = value;
        }
        if (installation.LibraryPath is { } libraries)
        {
            environment["LD_LIBRARY_PATH"] = libraries;
        }
        return environment;
    }

    /// <summary>Settings of another RabbitMQ or Erlang in the caller's environment must not leak into the private node.</summary>
    private static IEnumerable<string> InheritedSettings() => System.Environment.GetEnvironmentVariables().Keys.Cast<string>()
        .Where(name => name.StartsWith("RABBITMQ_", StringComparison.Ordinal) || name.StartsWith("ERL_", StringComparison.Ordinal) || name == "NOTIFY_SOCKET");
}
