using System.Globalization;
using System.Text.RegularExpressions;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>
/// RabbitMQ and Erlang from the distribution's own archive (Debian, Ubuntu), downloaded and unpacked below the user's cache. Needs no root and
/// changes nothing on the system: apt works with a private state and cache, its signatures checked as always; dpkg only unpacks.
/// </summary>
internal sealed partial class DebianPackages(string cacheFolder, SystemRelease release, IProgress<string>? progress)
{
    private const string Server = "rabbitmq-server";
    private const long FreeBytesMin = 300L << 20;
    private static readonly TimeSpan UpdateLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan DownloadLimit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan UnpackLimit = TimeSpan.FromMinutes(3);

    private static readonly string[] LibraryFolders = ["usr/lib", "lib"];

    private string Target => Path.Combine(cacheFolder, $"rabbitmq-{release.Id}-{release.VersionId}-{release.Architecture}");

    public static DebianPackages ForThisSystem(IProgress<string>? progress) =>
        new(UserCache.Folder("broker"), SystemRelease.Current(), progress);

    /// <summary>The unpacked server; downloads it if it isn't there yet. One process at a time, others wait and use the result.</summary>
    public async Task<BrokerInstallation> EnsureAsync(CancellationToken cancellationToken)
    {
        if (Find(Target) is { } present)
        {
            return present;
        }
        CheckPreconditions();
        using var held = await LockAsync(cancellationToken);
        if (Find(Target) is { } meanwhile)
        {
            return meanwhile;
        }
        var staging = Target + ".partial";
        DeleteFolder(staging);
        try
        {
            await DownloadAndUnpackAsync(staging, cancellationToken);
            DeleteFolder(Target);
            Directory.Move(Path.Combine(staging, "root"), Target);
        }
        catch (IOException e)
        {
            throw new BrokerException($"RabbitMQ's packages could not be unpacked to {cacheFolder}: {e.Message}", e);
        }
        finally
        {
            DeleteFolder(staging);
        }
        progress?.Report($"RabbitMQ is ready in {Target}.");
        return Find(Target) ?? throw new BrokerException($"The packages in {Target} hold no rabbitmq-server and erl. Delete that folder and try again.");
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
            ? new BrokerInstallation(script, epmd, Path.GetDirectoryName(erl)!, LibraryPath(root))
            : null;
    }

    private static string? LibraryPath(string root)
    {
        var folders = LibraryFolders.Select(folder => Path.Combine(root, folder)).Where(Directory.Exists)
            .SelectMany(folder => Directory.GetDirectories(folder, "*-linux-gnu*")).ToArray();
        return folders.Length == 0 ? null : string.Join(':', folders);
    }

    private void CheckPreconditions()
    {
        if (!release.IsDebianLike)
        {
            throw new BrokerException($"No rabbitmq-server is installed, and there are no Debian or Ubuntu packages for this system ({release.Id}). " +
                "Install RabbitMQ (3.10 or newer), or name a running broker in ConnectionStrings__rabbitmq.");
        }
        foreach (var tool in (string[])["apt-get", "apt-cache", "dpkg-deb", "dpkg-query"])
        {
            if (Executables.Find(tool) is null)
            {
                throw new BrokerException($"No rabbitmq-server is installed, and its packages can't be downloaded without {tool}. " +
                    "Install RabbitMQ (3.10 or newer), or name a running broker in ConnectionStrings__rabbitmq.");
            }
        }
        if (cacheFolder.Any(char.IsWhiteSpace))
        {
            throw new BrokerException($"RabbitMQ's scripts can't run from a path with blanks: {cacheFolder}. Set XDG_CACHE_HOME to a folder without.");
        }
        Directory.CreateDirectory(cacheFolder);
        var free = new DriveInfo(cacheFolder).AvailableFreeSpace;
        if (free < FreeBytesMin)
        {
            throw new BrokerException(string.Create(CultureInfo.InvariantCulture,
                $"RabbitMQ needs {FreeBytesMin >> 20} MB below {cacheFolder}, only {free >> 20} MB are free. Free some, or set XDG_CACHE_HOME to another disk."));
        }
    }

    private async Task<FileLock> LockAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await FileLock.AcquireAsync(Path.Combine(cacheFolder, "download.lock"), DownloadLimit,
                () => progress?.Report("Another process is downloading RabbitMQ, waiting for it …"), TimeProvider.System, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new BrokerException(e.Message, e);
        }
    }

    private async Task DownloadAndUnpackAsync(string staging, CancellationToken cancellationToken)
    {
        foreach (var folder in (string[])["root", "debs", "state/lists/partial", "cache/archives/partial"])
        {
            Directory.CreateDirectory(Path.Combine(staging, folder));
        }
        progress?.Report("RabbitMQ is not installed: fetching the distribution's packages into the user's cache (about 45 MB, nothing is installed).");
        var update = await AptAsync(staging, "apt-get", ["update"], UpdateLimit, cancellationToken);
        var packages = await ResolveAsync(staging, update, cancellationToken);

        progress?.Report($"Downloading {packages.Count} packages: {string.Join(' ', packages)}");
        var download = await AptAsync(staging, "apt-get", ["download", .. packages], DownloadLimit, cancellationToken);
        var files = Directory.GetFiles(Path.Combine(staging, "debs"), "*.deb");
        if (download.ExitCode != 0 || files.Length < packages.Count)
        {
            throw new BrokerException($"RabbitMQ's packages could not be downloaded (is the network reachable?):\n{Errors(download)}");
        }
        progress?.Report($"Unpacking {files.Length} packages …");
        foreach (var file in files)
        {
            await RunAsync("dpkg-deb", ["--extract", file, Path.Combine(staging, "root")], staging, UnpackLimit, cancellationToken);
        }
        await RelocateErlangAsync(Path.Combine(staging, "root"), cancellationToken);
    }

    private async Task<IReadOnlyList<string>> ResolveAsync(string staging, Command.Result update, CancellationToken cancellationToken)
    {
        var depends = await AptAsync(staging, "apt-cache", ["depends", "--recurse", "--important", Server], UpdateLimit, cancellationToken);
        var packages = PackageClosure.Parse(depends.Output);
        if (!packages.ContainsKey(Server))
        {
            // An update may fail for one of many sources: only the lack of the package itself counts.
            var reason = update.ExitCode != 0 || update.Errors.Length > 0 ? $"The package lists could not be fetched (is the network reachable?):\n{Errors(update)}"
                : $"The package sources of this system ({release.Id} {release.VersionId}) do not hold {Server}; on Ubuntu it is in 'universe'.";
            throw new BrokerException($"{reason}\nInstall RabbitMQ, or name a running broker in ConnectionStrings__rabbitmq.");
        }
        var query = await Command.RunAsync("dpkg-query", ["--show", "--showformat", "${db:Status-Status} ${Package}\\n"], staging, UpdateLimit, cancellationToken);
        var installed = query.Output.Split('\n').Where(line => line.StartsWith("installed ", StringComparison.Ordinal))
            .Select(line => line["installed ".Length..]).ToHashSet(StringComparer.Ordinal);
        return PackageClosure.Of(Server, packages, installed.Contains);
    }

    /// <summary>Erlang's start script names its folder absolutely; it must name the final one.</summary>
    private async Task RelocateErlangAsync(string root, CancellationToken cancellationToken)
    {
        var erl = Path.Combine(root, "usr/lib/erlang/bin/erl");
        if (File.Exists(erl))
        {
            await File.WriteAllTextAsync(erl, Relocate(await File.ReadAllTextAsync(erl, cancellationToken), Target), cancellationToken);
        }
    }

    internal static string Relocate(string erlScript, string target) =>
        ErlangRoot().Replace(erlScript, match => $"{match.Groups[1].Value}\"{target}/usr/lib/erlang\"");

    [GeneratedRegex("""(ROOTDIR=)"?/usr/lib/erlang"?(?=\s|$)""")]
    private static partial Regex ErlangRoot();

    private static Task<Command.Result> AptAsync(string staging, string tool, string[] arguments, TimeSpan limit, CancellationToken cancellationToken) =>
        Command.RunAsync(tool,
        [
            "-o", $"Dir::State={staging}/state",
            "-o", "Dir::State::status=/var/lib/dpkg/status",
            "-o", $"Dir::Cache={staging}/cache",
            "-o", "Acquire::Languages=none",
            "-o", "Acquire::Retries=3",
            "-o", "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
            "-o", "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false",
            "-o", "APT::Update::Post-Invoke-Success=",
            "-o", "APT::Update::Post-Invoke=",
            // Run by root, apt would switch to a user who can't enter the cache.
            "-o", $"APT::Sandbox::User={Environment.UserName}",
            .. arguments,
        ], Path.Combine(staging, "debs"), limit, cancellationToken);

    private static async Task RunAsync(string tool, string[] arguments, string folder, TimeSpan limit, CancellationToken cancellationToken)
    {
        var result = await Command.RunAsync(tool, arguments, folder, limit, cancellationToken);
        if (result.ExitCode != 0)
        {
            throw new BrokerException($"{tool} failed with exit code {result.ExitCode}:\n{Errors(result)}");
        }
    }

    private static string Errors(Command.Result result) => string.Join('\n', result.Errors.Split('\n').TakeLast(10).Select(line => "  " + line));

    private static void DeleteFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
