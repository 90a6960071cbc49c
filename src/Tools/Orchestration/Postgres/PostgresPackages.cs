using System.Globalization;
using System.Text.RegularExpressions;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Packages;

namespace FlowPlatform.Orchestration.Postgres;

/// <summary>Postgres from the distribution's packages, unpacked below the user's cache. The compiler for queries (LLVM, 110 MB) is left out.</summary>
internal sealed partial class PostgresPackages(string cacheFolder, SystemRelease release, IProgress<string>? progress)
{
    public static readonly string Cure = string.Create(CultureInfo.InvariantCulture,
        $"Install Postgres ({PostgresInstallation.VersionMin} or newer), or name a running server in ConnectionStrings__postgres.");

    public static PostgresPackages ForThisSystem(IProgress<string>? progress) => new(PostgresCache.Folder(), SystemRelease.Current(), progress);

    /// <summary>The unpacked server; downloads it if it isn't there yet.</summary>
    /// <exception cref="PostgresServerException">There are no packages for this system, they can't be had, or they are too old.</exception>
    public async Task<PostgresInstallation> EnsureAsync(CancellationToken cancellationToken)
    {
        var archive = new DebianArchive(new PackagedServer
        {
            Name = "Postgres",
            Package = "postgresql",
            FolderName = "postgresql",
            Parts = Parts,
            CacheFolder = cacheFolder,
            DownloadSize = "about 20 MB",
            FreeBytesMin = 200L << 20,
            Cure = Cure,
            Fault = (message, cause) => new PostgresServerException(message, cause),
        }, release, progress);
        var installation = await archive.EnsureAsync(Find, (_, _) => Task.CompletedTask, cancellationToken);
        return installation.Version >= PostgresInstallation.VersionMin
            ? installation
            : throw new PostgresServerException($"This system ({release.Id} {release.VersionId}) packages Postgres {installation.Version}, which is too old. {Cure}");
    }

    /// <summary>The server of its version, its client (for dumps), libraries; nothing that runs a system service.</summary>
    internal static PackageParts Parts { get; } = new(
        package => OwnPackage().IsMatch(package),
        package => package.StartsWith("libllvm", StringComparison.Ordinal));

    /// <summary>What an unpacked tree offers, or null when it is incomplete.</summary>
    internal static PostgresInstallation? Find(string root)
    {
        var versions = Path.Combine(root, "usr/lib/postgresql");
        var newest = Directory.Exists(versions)
            ? Directory.GetDirectories(versions).Select(folder => (Bin: Path.Combine(folder, "bin"), Major: MajorOf(folder)))
                .Where(found => found.Major > 0 && PostgresLocator.IsComplete(found.Bin)).OrderByDescending(found => found.Major).FirstOrDefault()
            : default;
        return newest.Bin is null ? null : new PostgresInstallation(newest.Bin, newest.Major, DebianArchive.LibraryPath(root));
    }

    private static int MajorOf(string folder) =>
        int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : 0;

    [GeneratedRegex(@"^postgresql(-client)?-\d+$")]
    private static partial Regex OwnPackage();
}

internal static class PostgresCache
{
    /// <exception cref="PostgresServerException">The user has no home.</exception>
    public static string Folder()
    {
        try
        {
            return UserCache.Folder("postgres");
        }
        catch (BrokerException e)
        {
            throw new PostgresServerException(e.Message, e);
        }
    }
}
