using System.Text.RegularExpressions;
using FlowPlatform.Orchestration.Packages;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>RabbitMQ and Erlang from the distribution's packages, unpacked below the user's cache.</summary>
internal sealed partial class DebianPackages(string cacheFolder, SystemRelease release, IProgress<string>? progress)
{
    private const string Server = "rabbitmq-server";

    public static DebianPackages ForThisSystem(IProgress<string>? progress) =>
        new(UserCache.Folder("broker"), SystemRelease.Current(), progress);

    /// <summary>The unpacked server; downloads it if it isn't there yet.</summary>
    public async Task<BrokerInstallation> EnsureAsync(CancellationToken cancellationToken)
    {
        var archive = new DebianArchive(new PackagedServer
        {
            Name = "RabbitMQ",
            Package = Server,
            FolderName = "rabbitmq",
            Parts = new PackageParts(IsErlang, IsDispensable: _ => false),
            CacheFolder = cacheFolder,
            DownloadSize = "about 45 MB",
            FreeBytesMin = 300L << 20,
            Cure = "Install RabbitMQ (3.10 or newer), or name a running broker in ConnectionStrings__rabbitmq.",
            Fault = (message, cause) => cause is null ? new BrokerException(message) : new BrokerException(message, cause),
        }, release, progress);
        if (release.IsDebianLike && cacheFolder.Any(char.IsWhiteSpace))
        {
            throw new BrokerException($"RabbitMQ's scripts can't run from a path with blanks: {cacheFolder}. Set XDG_CACHE_HOME to a folder without.");
        }
        return await archive.EnsureAsync(Find, (root, token) => RelocateErlangAsync(root, archive.Target, token), cancellationToken);
    }

    /// <summary>What an unpacked tree offers, or null when it is incomplete.</summary>
    internal static BrokerInstallation? Find(string root)
    {
        var servers = Path.Combine(root, "usr/lib/rabbitmq/lib");
        var erl = Path.Combine(root, "usr/lib/erlang/bin/erl");
        var script = Directory.Exists(servers)
            ? Directory.GetDirectories(servers, "rabbitmq_server-*").Select(folder => Path.Combine(folder, "sbin", Server)).FirstOrDefault(File.Exists)
            : null;
        return script is not null && File.Exists(erl) && BrokerLocator.FindEpmd(erl) is { } epmd
            ? new BrokerInstallation(script, epmd, Path.GetDirectoryName(erl)!, DebianArchive.LibraryPath(root))
            : null;
    }

    internal static bool IsErlang(string package) => package.StartsWith("erlang-", StringComparison.Ordinal);

    /// <summary>Erlang's start script names its folder absolutely; it must name the final one.</summary>
    private static async Task RelocateErlangAsync(string root, string target, CancellationToken cancellationToken)
    {
        var erl = Path.Combine(root, "usr/lib/erlang/bin/erl");
        if (File.Exists(erl))
        {
            await File.WriteAllTextAsync(erl, Relocate(await File.ReadAllTextAsync(erl, cancellationToken), target), cancellationToken);
        }
    }

    internal static string Relocate(string erlScript, string target) =>
        ErlangRoot().Replace(erlScript, match => $"{match.Groups[1].Value}\"{target}/usr/lib/erlang\"");

    [GeneratedRegex("""(ROOTDIR=)"?/usr/lib/erlang"?(?=\s|$)""")]
    private static partial Regex ErlangRoot();
}
