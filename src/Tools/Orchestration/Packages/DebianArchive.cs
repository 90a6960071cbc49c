using System.Globalization;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Packages;

/// <summary>
/// A server from the distribution's own archive (Debian, Ubuntu), downloaded and unpacked below the user's cache. Needs no root and
/// changes nothing on the system: apt works with a private state and cache, its signatures checked as always; dpkg only unpacks.
/// </summary>
internal sealed class DebianArchive(PackagedServer server, SystemRelease release, IProgress<string>? progress)
{
    private static readonly TimeSpan UpdateLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan DownloadLimit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan UnpackLimit = TimeSpan.FromMinutes(3);

    private static readonly string[] LibraryFolders = ["usr/lib", "lib"];

    /// <summary>The folder that the packages are unpacked to.</summary>
    public string Target => Path.Combine(server.CacheFolder, $"{server.FolderName}-{release.Id}-{release.VersionId}-{release.Architecture}");

    /// <summary>Downloads the server unless <paramref name="find"/> sees it in <see cref="Target"/>. One process at a time, others wait and use the result.</summary>
    /// <param name="find">What an unpacked tree offers, or null when it is incomplete.</param>
    /// <param name="finish">Is called with the unpacked tree before it is moved to <see cref="Target"/>.</param>
    /// <param name="cancellationToken">Stops the attempt; what is partly there is removed.</param>
    public async Task<T> EnsureAsync<T>(Func<string, T?> find, Func<string, CancellationToken, Task> finish, CancellationToken cancellationToken)
        where T : class
    {
        if (find(Target) is { } present)
        {
            return present;
        }
        CheckPreconditions();
        using var held = await LockAsync(cancellationToken);
        if (find(Target) is { } meanwhile)
        {
            return meanwhile;
        }
        var staging = Target + ".partial";
        DeleteFolder(staging);
        try
        {
            await DownloadAndUnpackAsync(staging, cancellationToken);
            await finish(Path.Combine(staging, "root"), cancellationToken);
            DeleteFolder(Target);
            Directory.Move(Path.Combine(staging, "root"), Target);
        }
        catch (IOException e)
        {
            throw server.Fault($"{server.Name}'s packages could not be unpacked to {server.CacheFolder}: {e.Message}", e);
        }
        finally
        {
            DeleteFolder(staging);
        }
        progress?.Report($"{server.Name} is ready in {Target}.");
        return find(Target) ?? throw server.Fault($"The packages in {Target} do not hold all of {server.Name}. Delete that folder and try again.", null);
    }

    /// <summary>Folders of shared libraries in an unpacked tree, for LD_LIBRARY_PATH, or null when it has none.</summary>
    public static string? LibraryPath(string root)
    {
        var folders = LibraryFolders.Select(folder => Path.Combine(root, folder)).Where(Directory.Exists)
            .SelectMany(folder => Directory.GetDirectories(folder, "*-linux-gnu*")).ToArray();
        return folders.Length == 0 ? null : string.Join(':', folders);
    }

    private void CheckPreconditions()
    {
        if (!release.IsDebianLike)
        {
            throw server.Fault($"{server.Name} is not installed, and there are no Debian or Ubuntu packages for this system ({release.Id}). {server.Cure}", null);
        }
        foreach (var tool in (string[])["apt-get", "apt-cache", "dpkg-deb", "dpkg-query"])
        {
            if (Executables.Find(tool) is null)
            {
                throw server.Fault($"{server.Name} is not installed, and its packages can't be downloaded without {tool}. {server.Cure}", null);
            }
        }
        Directory.CreateDirectory(server.CacheFolder);
        var free = new DriveInfo(server.CacheFolder).AvailableFreeSpace;
        if (free < server.FreeBytesMin)
        {
            throw server.Fault(string.Create(CultureInfo.InvariantCulture,
                $"{server.Name} needs {server.FreeBytesMin >> 20} MB below {server.CacheFolder}, only {free >> 20} MB are free. Free some, or set XDG_CACHE_HOME to another disk."), null);
        }
    }

    private async Task<FileLock> LockAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await FileLock.AcquireAsync(Path.Combine(server.CacheFolder, "download.lock"), DownloadLimit,
                () => progress?.Report($"Another process is downloading {server.Name}, waiting for it …"), TimeProvider.System, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw server.Fault(e.Message, e);
        }
    }

    private async Task DownloadAndUnpackAsync(string staging, CancellationToken cancellationToken)
    {
        foreach (var folder in (string[])["root", "debs", "state/lists/partial", "cache/archives/partial"])
        {
            Directory.CreateDirectory(Path.Combine(staging, folder));
        }
        progress?.Report($"{server.Name} is not installed: fetching the distribution's packages into the user's cache ({server.DownloadSize}, nothing is installed).");
        var update = await AptAsync(staging, "apt-get", ["update"], UpdateLimit, cancellationToken);
        var packages = await ResolveAsync(staging, update, cancellationToken);

        progress?.Report($"Downloading {packages.Count} packages: {string.Join(' ', packages)}");
        var download = await AptAsync(staging, "apt-get", ["download", .. packages], DownloadLimit, cancellationToken);
        var files = Directory.GetFiles(Path.Combine(staging, "debs"), "*.deb");
        if (download.ExitCode != 0 || files.Length < packages.Count)
        {
            throw server.Fault($"{server.Name}'s packages could not be downloaded (is the network reachable?):\n{Errors(download)}", null);
        }
        progress?.Report($"Unpacking {files.Length} packages …");
        foreach (var file in files)
        {
            await UnpackAsync("dpkg-deb", ["--extract", file, Path.Combine(staging, "root")], staging, UnpackLimit, cancellationToken);
        }
    }

    private async Task<IReadOnlyList<string>> ResolveAsync(string staging, Command.Result update, CancellationToken cancellationToken)
    {
        var depends = await AptAsync(staging, "apt-cache", ["depends", "--recurse", "--important", server.Package, .. server.AlsoPackages], UpdateLimit, cancellationToken);
        var packages = PackageClosure.Parse(depends.Output);
        if (!packages.ContainsKey(server.Package))
        {
            // An update may fail for one of many sources: only the lack of the package itself counts.
            var reason = update.ExitCode != 0 || update.Errors.Length > 0 ? $"The package lists could not be fetched (is the network reachable?):\n{Errors(update)}"
                : $"The package sources of this system ({release.Id} {release.VersionId}) do not hold {server.Package}; on Ubuntu it is in 'universe'.";
            throw server.Fault($"{reason}\n{server.Cure}", null);
        }
        var query = await RunAsync("dpkg-query", ["--show", "--showformat", "${db:Status-Status} ${Package}\\n"], staging, UpdateLimit, cancellationToken);
        var installed = query.Output.Split('\n').Where(line => line.StartsWith("installed ", StringComparison.Ordinal))
            .Select(line => line["installed ".Length..]).ToHashSet(StringComparer.Ordinal);
        return [.. server.AlsoPackages.Prepend(server.Package).SelectMany(root => PackageClosure.Of(root, server.Parts, packages, installed.Contains)).Distinct(StringComparer.Ordinal)];
    }

    private Task<Command.Result> AptAsync(string staging, string tool, string[] arguments, TimeSpan limit, CancellationToken cancellationToken) =>
        RunAsync(tool,
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

    private async Task UnpackAsync(string tool, string[] arguments, string folder, TimeSpan limit, CancellationToken cancellationToken)
    {
        var result = await RunAsync(tool, arguments, folder, limit, cancellationToken);
        if (result.ExitCode != 0)
        {
            throw server.Fault($"{tool} failed with exit code {result.ExitCode}:\n{Errors(result)}", null);
        }
    }

    private async Task<Command.Result> RunAsync(
        string tool, IReadOnlyList<string> arguments, string folder, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            return await Command.RunAsync(tool, arguments, folder, limit, cancellationToken);
        }
        catch (BrokerException e)
        {
            throw server.Fault(e.Message, e);
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
