namespace FlowPlatform.Cli;

/// <summary>A data directory of an AppHost on this machine, whether it runs or not.</summary>
internal sealed class DataDirectory
{
    /// <summary>An AppHost makes it before anything else, and holds it while it runs.</summary>
    private const string LockFile = "apphost.lock";

    private DataDirectory(string path) => FullPath = path;

    public string FullPath { get; }

    /// <summary>The directory above, mostly <c>.flow</c>.</summary>
    public string Parent => Path.GetDirectoryName(FullPath)!;

    /// <summary>Directories of runs with <c>--until-done</c>, beside it, oldest first.</summary>
    public IReadOnlyList<DataDirectory> Runs => Path.Combine(Parent, "runs") is var runs && Directory.Exists(runs)
        ? [.. Directory.EnumerateDirectories(runs).Order(StringComparer.Ordinal).Select(run => new DataDirectory(run)).Where(run => run.WhyNotOurs() is null)]
        : [];

    /// <summary>What an interrupted reset has left.</summary>
    public IReadOnlyList<string> Leftovers => Directory.Exists(Parent) ? [.. Directory.EnumerateDirectories(Parent, $"{Path.GetFileName(FullPath)}{DeletedMark}*")] : [];

    private const string DeletedMark = ".deleted-";

    /// <summary>The one that is meant: named, or <c>.flow/data</c> of the working directory or of the nearest parent that has one.</summary>
    /// <exception cref="CliException">There is none, or what is named is none.</exception>
    public static DataDirectory Find(string? data, string workingDirectory)
    {
        if (data is not null)
        {
            return Require(Path.TrimEndingDirectorySeparator(Path.GetFullPath(data, workingDirectory)));
        }

        for (var folder = new DirectoryInfo(workingDirectory); folder is not null; folder = folder.Parent)
        {
            var usual = Path.Combine(folder.FullName, ".flow", "data");
            if (Directory.Exists(usual))
            {
                return Require(usual);
            }
        }

        throw new CliException(ExitCode.Misuse, $"There is no .flow/data in {workingDirectory} or its parents. Name the AppHost's data directory (--data DIR).");
    }

    /// <summary>What is in it, by name.</summary>
    public IReadOnlyList<DataEntry> Entries() => [.. new DirectoryInfo(FullPath).EnumerateFileSystemInfos().Select(DataEntry.Of).OrderBy(entry => entry.Name, StringComparer.Ordinal)];

    /// <summary>Why nothing of it may be deleted at present; null if it may.</summary>
    public string? WhyBusy()
    {
        foreach (var file in LockFiles())
        {
            if (IsHeld(file))
            {
                return Path.GetFileName(file) == LockFile
                    ? $"The AppHost (pid {Said(Path.Combine(FullPath, "apphost.pid"))}) runs on {FullPath}. Stop it, with Ctrl-C where it runs, and try again."
                    : $"{file} is held by {Said(Path.ChangeExtension(file, ".owner"))}. Stop it, and try again.";
            }
        }

        return LeftRunning.In(FullPath) is { } left ? $"{left} of {FullPath} still runs, without its AppHost. Start the AppHost there once, which ends it, stop it, and try again." : null;
    }

    /// <summary>
    /// Deletes it whole. It gets another name first, at once: who is interrupted leaves no data directory, and never a half of one, whose stores and log don't fit together. Links in it are
    /// deleted, not what they lead to.
    /// </summary>
    /// <exception cref="CliException">It is in use, or something can't be deleted.</exception>
    public void Delete()
    {
        if (WhyBusy() is { } busy)
        {
            throw new CliException(ExitCode.Refused, busy);
        }

        var doomed = $"{FullPath}{DeletedMark}{Environment.ProcessId}";
        try
        {
            using (var held = new FileStream(Path.Combine(FullPath, LockFile), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            {
                Directory.Move(FullPath, doomed);
            }

            Directory.Delete(doomed, recursive: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            var where = Directory.Exists(doomed) ? $" What is left is in {doomed}." : "";
            throw new CliException(ExitCode.Refused, $"{FullPath} can't be deleted: {fault.Message}{where} Files of a container may be another user's.");
        }
    }

    private static DataDirectory Require(string path)
    {
        var directory = new DataDirectory(path);
        return directory.WhyNotOurs() is { } why ? throw new CliException(ExitCode.Refused, $"{path} {why} Nothing was done.") : directory;
    }

    private string? WhyNotOurs()
    {
        if (!Directory.Exists(FullPath))
        {
            return "does not exist.";
        }

        if (new DirectoryInfo(FullPath).LinkTarget is { } target)
        {
            return $"is a link to {target}: name that.";
        }

        if (!File.Exists(Path.Combine(FullPath, LockFile)))
        {
            return $"is no data directory of an AppHost: it has no {LockFile}.";
        }

        var strange = Entries().Where(entry => entry.Kind is DataKind.Strange).Select(entry => entry.Name).ToList();
        return strange.Count == 0 ? null : $"has what no AppHost makes: {string.Join(", ", strange)}. Take that away first.";
    }

    /// <summary>Of the AppHost, of the broker's node, of each service's store.</summary>
    private IEnumerable<string> LockFiles() =>
        Directory.EnumerateFiles(FullPath, "*.lock", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1, AttributesToSkip = FileAttributes.ReparsePoint });

    private static bool IsHeld(string file)
    {
        try
        {
            using var held = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static string Said(string file) => File.Exists(file) ? File.ReadAllText(file).Trim() : "another process";
}
