using System.Diagnostics;
using System.Text.Json;

namespace FlowPlatform.Cli;

/// <summary>Where an AppHost takes commands for its resources.</summary>
/// <param name="Url">On loopback.</param>
/// <param name="Key">Opens it. Never shown.</param>
internal sealed record ResourceService(Uri Url, string Key);

/// <summary>An AppHost that runs, as its <c>apphost.json</c> tells.</summary>
/// <param name="Data">Its data directory.</param>
/// <param name="Pid">Its process.</param>
/// <param name="Urls">Where its services listen, by name; several for replicas.</param>
/// <param name="AdminKey">Opens administrative endpoints. Never shown.</param>
/// <param name="Dashboard">Where its dashboard is, without what logs in; null if it has none.</param>
/// <param name="Resources">Where its resources are started and stopped; null where that is somebody else's.</param>
internal sealed record RunningAppHost(
    string Data, int Pid, IReadOnlyDictionary<string, IReadOnlyList<Uri>> Urls, string? AdminKey, string? Dashboard, ResourceService? Resources)
{
    private const string FileName = "apphost.json";

    /// <summary>Data directories are <c>.flow/data</c> and <c>.flow/runs/NAME</c>.</summary>
    private const int Deepest = 3;

    /// <summary>Finds the one that is meant.</summary>
    /// <param name="data">Its data directory; null: the services that the environment names (<see cref="DeployedServices"/>), else the only live one below <c>.flow</c> of the working directory or of the nearest parent that has one.</param>
    /// <param name="workingDirectory">Where relative paths begin.</param>
    /// <exception cref="CliException">There is none, or there are several.</exception>
    public static RunningAppHost Find(string? data, string workingDirectory)
    {
        if (data is not null)
        {
            var directory = Path.GetFullPath(data, workingDirectory);
            return Read(Path.Combine(directory, FileName))
                ?? throw new CliException(ExitCode.Unreachable, $"No AppHost runs on {directory}{(Directory.Exists(directory) ? ", or its services are not ready yet" : ", which does not exist")}.");
        }

        if (DeployedServices.Find(Environment.GetEnvironmentVariables()) is { } deployed)
        {
            return deployed;
        }

        for (var folder = new DirectoryInfo(workingDirectory); folder is not null; folder = folder.Parent)
        {
            switch (LiveBelow(Path.Combine(folder.FullName, ".flow")))
            {
                case [var only]:
                    return only;
                case { Count: > 1 } several:
                    throw new CliException(
                        ExitCode.Misuse, string.Join('\n', several.Select(host => $"  --data {host.Data}    (pid {host.Pid})").Prepend("Several AppHosts run; say which one is meant:")));
            }
        }

        throw new CliException(ExitCode.Unreachable, $"No AppHost runs below {workingDirectory} or its parents. Start one (dotnet run --project AppHost), or name its data directory (--data DIR).");
    }

    private static List<RunningAppHost> LiveBelow(string directory) => !Directory.Exists(directory)
        ? []
        : [.. Directory.EnumerateFiles(directory, FileName, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = Deepest, IgnoreInaccessible = true })
            .Order(StringComparer.Ordinal).Select(Read).OfType<RunningAppHost>()];

    /// <summary>Null if there is no such file, or the process that wrote it is gone.</summary>
    private static RunningAppHost? Read(string file)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            var root = json.RootElement;
            var pid = root.GetProperty("pid").GetInt32();
            return !IsAlive(pid) ? null : new RunningAppHost(
                Path.GetDirectoryName(file)!,
                pid,
                root.GetProperty("urls").EnumerateObject().ToDictionary(url => url.Name, url => UrlsOf(url.Value), StringComparer.Ordinal),
                root.TryGetProperty("adminKey", out var key) ? key.GetString() : null,
                root.TryGetProperty("dashboard", out var link) && link.GetString() is { } address ? new Uri(address).GetLeftPart(UriPartial.Authority) : null,
                root.TryGetProperty("resources", out var resources) && resources.ValueKind == JsonValueKind.Object
                    ? new ResourceService(new Uri(resources.GetProperty("url").GetString()!), resources.GetProperty("key").GetString()!) : null);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CliException(ExitCode.Unreachable, $"{file} can't be read: {fault.Message}");
        }
        catch (UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Refused, $"{file} is another user's.");
        }
    }

    private static IReadOnlyList<Uri> UrlsOf(JsonElement urls) =>
        urls.ValueKind == JsonValueKind.Array ? [.. urls.EnumerateArray().Select(url => new Uri(url.GetString()!))] : [new Uri(urls.GetString()!)];

    private static bool IsAlive(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
