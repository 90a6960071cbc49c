using System.Globalization;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Postgres;

/// <summary>The files and the environment of one server. Nothing of the system's Postgres or of the user's settings for clients is read.</summary>
internal sealed class PostgresLayout(PrivatePostgresOptions options, PostgresInstallation installation)
{
    /// <summary>The cluster. It is made under another name and moved here when it is whole.</summary>
    public string Cluster { get; } = ClusterIn(options.DataDirectory);

    public string UnfinishedCluster { get; } = Path.Combine(options.DataDirectory, "data.partial");

    public string PasswordFile { get; } = Path.Combine(options.DataDirectory, "initial-password");

    private string ConfigurationFile => Path.Combine(options.DataDirectory, "postgresql.conf");

    private string AccessFile => Path.Combine(options.DataDirectory, "pg_hba.conf");

    private static string ClusterIn(string dataDirectory) => Path.Combine(dataDirectory, "data");

    /// <summary>The version that made the cluster, or null when there is none.</summary>
    public static int? MajorOf(string dataDirectory)
    {
        var file = Path.Combine(ClusterIn(dataDirectory), "PG_VERSION");
        return File.Exists(file) && int.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : null;
    }

    /// <summary>Whether a server has made its cluster there.</summary>
    public static bool HoldsDatabase(string dataDirectory) => MajorOf(dataDirectory) is not null;

    /// <summary>Text sorts by its bytes, as in SQLite, on every system.</summary>
    public string[] InitArguments(string user) =>
    [
        "--pgdata", UnfinishedCluster, "--username", user, "--pwfile", PasswordFile, "--auth=scram-sha-256",
        "--encoding=UTF8", "--locale=C", "--no-instructions", .. options.Durable ? (string[])["--data-checksums"] : ["--no-sync"],
    ];

    public string[] ServerArguments => ["-D", Cluster, "-c", $"config_file={ConfigurationFile}", "-c", $"hba_file={AccessFile}"];

    public void WriteConfiguration(int port)
    {
        PrivateFile.Write(ConfigurationFile, Configuration(port) + string.Concat(options.Configuration.Select(line => $"{line}\n")));
        PrivateFile.Write(AccessFile, "host all all 127.0.0.1/32 scram-sha-256\n");
    }

    /// <summary>
    /// No Unix socket: a data directory's path may be longer than one can be. GMT is the one zone that needs no file. Compiling queries
    /// doesn't pay for short ones. 200 connections are six services with three replicas of ten each, and some.
    /// </summary>
    private string Configuration(int port) => string.Create(CultureInfo.InvariantCulture, $"""
        listen_addresses = '127.0.0.1'
        port = {port}
        unix_socket_directories = ''
        password_encryption = 'scram-sha-256'
        max_connections = 200
        timezone = 'GMT'
        log_timezone = 'GMT'
        jit = off
        log_checkpoints = off
        {(options.Durable ? "fsync = on" : "fsync = off\nfull_page_writes = off\nsynchronous_commit = off\nwal_level = minimal\nmax_wal_senders = 0")}

        """);

    /// <summary>Another server's settings in the caller's environment must not leak into this one.</summary>
    public Dictionary<string, string?> Environment()
    {
        var environment = System.Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(name => name.StartsWith("PG", StringComparison.Ordinal) || name.StartsWith("LC_", StringComparison.Ordinal))
            .ToDictionary(name => name, _ => (string?)null, StringComparer.Ordinal);
        environment["LC_ALL"] = "C";
        if (installation.LibraryPath is { } libraries)
        {
            environment["LD_LIBRARY_PATH"] = libraries;
        }
        if (StrangerInPidFile() is { } pid)
        {
            environment["PG_GRANDPARENT_PID"] = pid;
        }
        return environment;
    }

    /// <summary>
    /// A server that was killed leaves its pid in a file, and the next one refuses to start while a process has that pid, whoever it is now. That it
    /// is no server is what we know: ours was ended. Told that the pid is its grandparent's, Postgres doesn't mind it, and still checks
    /// that no process of the old server holds its shared memory.
    /// </summary>
    private string? StrangerInPidFile()
    {
        var file = Path.Combine(Cluster, "postmaster.pid");
        var pid = File.Exists(file) ? File.ReadLines(file).FirstOrDefault()?.Trim() : null;
        var name = $"/proc/{pid}/comm";
        return pid is not null && File.Exists(name) && File.ReadAllText(name).Trim() != "postgres" ? pid : null;
    }
}
