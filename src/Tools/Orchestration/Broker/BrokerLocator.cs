using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>Obtains a RabbitMQ server: installed, or downloaded as the distribution's packages.</summary>
public static class BrokerLocator
{
    private const string WrapperName = "rabbitmq-script-wrapper";

    /// <exception cref="BrokerException">There is none to be had in the way asked for.</exception>
    public static async Task<BrokerInstallation> LocateAsync(BrokerSource source, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        if (source != BrokerSource.Packages && FindInstalled() is { } installed)
        {
            return installed;
        }
        if (source != BrokerSource.Packages && FindBroken() is { } broken)
        {
            if (source == BrokerSource.Installed)
            {
                throw new BrokerException(broken);
            }
            progress?.Report(broken);
        }
        if (source == BrokerSource.Installed)
        {
            throw new BrokerException("No installed rabbitmq-server was found (looked in PATH, /usr/lib/rabbitmq and Homebrew's folders). " +
                "Install it, or choose --broker auto.");
        }
        return await DebianPackages.ForThisSystem(progress).EnsureAsync(cancellationToken);
    }

    /// <summary>The server that the system has installed, or null. Windows is not covered: name a broker by its connection string there.</summary>
    public static BrokerInstallation? FindInstalled()
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }
        var script = ServerScripts().FirstOrDefault(path => File.Exists(path) && !IsWrapper(path));
        return script is not null && Executables.Find("erl") is { } erl && FindEpmd(erl) is { } epmd
            ? new BrokerInstallation(RealPath(script), epmd, Path.GetDirectoryName(erl)!, LibraryPath: null)
            : null;
    }

    /// <summary>What is missing for an installed server to be of use, or null when there is none.</summary>
    private static string? FindBroken() => OperatingSystem.IsWindows() ? null
        : Describe(ServerScripts().FirstOrDefault(path => File.Exists(path) && !IsWrapper(path)), Executables.Find("erl"));

    internal static string? Describe(string? script, string? erl) =>
        script is null ? null
        : erl is null ? $"RabbitMQ is installed ({script}), but Erlang is not: there is no 'erl' in PATH. Install Erlang, or choose --broker install."
        : FindEpmd(erl) is null ? $"RabbitMQ is installed ({script}), but its Erlang ({erl}) has no epmd. Install all of Erlang, or choose --broker install."
        : null;

    private static IEnumerable<string> ServerScripts()
    {
        yield return "/usr/lib/rabbitmq/bin/rabbitmq-server";
        if (Environment.GetEnvironmentVariable("RABBITMQ_HOME") is { Length: > 0 } home)
        {
            yield return Path.Combine(home, "sbin", "rabbitmq-server");
        }
        if (Executables.Find("rabbitmq-server") is { } inPath)
        {
            yield return inPath;
        }
        yield return "/opt/homebrew/sbin/rabbitmq-server";
        yield return "/usr/local/sbin/rabbitmq-server";
    }

    /// <summary>Debian's /usr/sbin/rabbitmq-server switches to the system's rabbitmq user and its folders: not for a private node.</summary>
    private static bool IsWrapper(string path) =>
        RealPath(path).EndsWith(WrapperName, StringComparison.Ordinal) || File.ReadAllText(path).Contains("su rabbitmq", StringComparison.Ordinal);

    /// <summary>epmd lives beside the runtime; the link beside erl is optional.</summary>
    internal static string? FindEpmd(string erl)
    {
        var bin = Path.GetDirectoryName(RealPath(erl))!;
        var root = Path.GetDirectoryName(bin)!;
        var runtimes = Directory.Exists(root) ? Directory.GetDirectories(root, "erts-*").Order(StringComparer.Ordinal).Reverse() : [];
        return runtimes.Select(runtime => Path.Combine(runtime, "bin", "epmd")).Append(Path.Combine(bin, "epmd")).FirstOrDefault(File.Exists)
            ?? Executables.Find("epmd");
    }

    private static string RealPath(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
}
