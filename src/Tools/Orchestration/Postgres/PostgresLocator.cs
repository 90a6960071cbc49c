using System.Globalization;
using System.Text.RegularExpressions;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Postgres;

/// <summary>Obtains a Postgres server: installed, or downloaded as the distribution's packages.</summary>
public static partial class PostgresLocator
{
    private static readonly TimeSpan VersionLimit = TimeSpan.FromSeconds(20);

    /// <param name="source">Where to look.</param>
    /// <param name="major">The version that made the data, which no other can read; null: any that is new enough.</param>
    /// <param name="progress">What is being done, in lines for a user.</param>
    /// <param name="cancellationToken">Stops the attempt.</param>
    /// <exception cref="PostgresServerException">There is none to be had in the way asked for.</exception>
    public static async Task<PostgresInstallation> LocateAsync(
        PostgresSource source, int? major, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var found = source == PostgresSource.Packages
            ? await PostgresPackages.ForThisSystem(progress).EnsureAsync(cancellationToken)
            : await LocateAsync(source, InstalledFolders(), major, progress, cancellationToken);
        return major is null || found.Version == major
            ? found
            : throw new PostgresServerException($"The data was made by Postgres {major}, which alone can read it, but here is Postgres {found.Version} ({found.Bin}). " +
                $"Install Postgres {major}, or move the data with pg_dump and pg_restore (docs/stores.md says how).");
    }

    /// <summary>The first server of <paramref name="folders"/> that will do; else packages, where <paramref name="source"/> allows them.</summary>
    internal static async Task<PostgresInstallation> LocateAsync(
        PostgresSource source, IEnumerable<string> folders, int? wanted, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        PostgresInstallation? another = null;
        var tooOld = new List<string>();
        foreach (var folder in folders.Where(IsComplete).Distinct(StringComparer.Ordinal))
        {
            var (major, text) = await VersionAsync(folder, cancellationToken);
            if (major >= PostgresInstallation.VersionMin)
            {
                var installed = new PostgresInstallation(folder, major, LibraryPath: null);
                if (wanted is null || wanted == major)
                {
                    return installed;
                }
                another ??= installed;
                continue;
            }
            tooOld.Add($"{text} in {folder}");
        }
        if (another is not null)
        {
            return another;
        }
        var found = tooOld.Count > 0
            ? $"The installed Postgres is too old ({string.Join(", ", tooOld)}): {PostgresInstallation.VersionMin} or newer is needed."
            : "No installed Postgres was found (looked in PATH, /usr/lib/postgresql, /usr/pgsql-* and Homebrew's folders).";
        if (source == PostgresSource.Installed || OperatingSystem.IsWindows())
        {
            throw new PostgresServerException($"{found} {PostgresPackages.Cure}");
        }
        if (tooOld.Count > 0)
        {
            progress?.Report($"{found} Using the distribution's packages.");
        }
        return await PostgresPackages.ForThisSystem(progress).EnsureAsync(cancellationToken);
    }

    /// <summary>Folders that may hold a server, the user's choice (PATH) first, then newest first.</summary>
    internal static IEnumerable<string> InstalledFolders()
    {
        if (OperatingSystem.IsWindows())
        {
            return []; // no signals, no private node: a server's connection string serves there
        }
        var inPath = Executables.Find("postgres") is { } server ? new[] { Path.GetDirectoryName(RealPath(server))! } : [];
        return inPath
            .Concat(Versioned("/usr/lib/postgresql", "*").Select(folder => Path.Combine(folder, "bin")))
            .Concat(Versioned("/usr", "pgsql-*").Select(folder => Path.Combine(folder, "bin")))
            .Concat(Versioned("/opt/homebrew/opt", "postgresql@*").Select(folder => Path.Combine(folder, "bin")))
            .Concat(Versioned("/usr/local/opt", "postgresql@*").Select(folder => Path.Combine(folder, "bin")))
            .Append("/usr/local/pgsql/bin");
    }

    internal static bool IsComplete(string folder) => File.Exists(Path.Combine(folder, "postgres")) && File.Exists(Path.Combine(folder, "initdb"));

    /// <summary>From <c>postgres (PostgreSQL) 15.18 (Debian …)</c>, <c>17beta1</c> or <c>9.6.24</c>.</summary>
    internal static int ParseMajor(string version) =>
        VersionPattern().Match(version) is { Success: true } match ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;

    private static async Task<(int Major, string Text)> VersionAsync(string folder, CancellationToken cancellationToken)
    {
        try
        {
            var result = await Command.RunAsync(Path.Combine(folder, "postgres"), ["--version"], "/", VersionLimit, cancellationToken);
            var text = result.Output.Trim();
            return result.ExitCode == 0 && ParseMajor(text) is > 0 and var major ? (major, text)
                : (0, $"one that does not tell its version: {(result.Errors.Length > 0 ? result.Errors.Trim() : text)}");
        }
        catch (BrokerException e)
        {
            throw new PostgresServerException(e.Message, e);
        }
    }

    private static IEnumerable<string> Versioned(string parent, string pattern) =>
        Directory.Exists(parent) ? Directory.GetDirectories(parent, pattern).OrderByDescending(MajorOfFolder) : [];

    private static int MajorOfFolder(string folder) =>
        int.TryParse(Path.GetFileName(folder).Split('-', '@')[^1].Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : 0;

    private static string RealPath(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex VersionPattern();
}
