namespace FlowPlatform.Cli;

/// <summary>What something in a data directory is.</summary>
internal enum DataKind
{
    /// <summary>No AppHost makes it.</summary>
    Strange,

    /// <summary>A service's private store.</summary>
    Store,

    /// <summary>Streams, and queues of commands.</summary>
    Streams,

    /// <summary>Private stores in Postgres.</summary>
    Database,

    /// <summary>What resources wrote to their consoles.</summary>
    Consoles,

    /// <summary>Traces, metrics and logs, for the dashboard.</summary>
    Telemetry,

    /// <summary>Addresses, keys, locks: a few KB.</summary>
    Settings,
}

/// <summary>Something in a data directory.</summary>
internal sealed record DataEntry(string Name, DataKind Kind, long Bytes)
{
    private static readonly string[] SettingsFiles = ["apphost.json", "apphost.lock", "apphost.pid", "endpoints.json", "secrets.json", "stores"];
    private static readonly EnumerationOptions NoLinks = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };

    /// <summary>What keeps it from growing, in words.</summary>
    public string Bound => Kind switch
    {
        DataKind.Consoles => "20 MB for each resource: at 10 MB the file becomes NAME.log.1",
        DataKind.Telemetry => "7 days, 1 GB a run, 10 runs and 4 GB in all",
        DataKind.Streams => "kept for ever, but for streams with MaxAge or MaxBytes",
        DataKind.Store or DataKind.Database => "grows with the service's data, and its inbox; the outbox is trimmed",
        _ => "",
    };

    public static DataEntry Of(FileSystemInfo info) => new(info.Name, KindOf(info), SizeOf(info));

    /// <summary>Bytes of all files in it; a link has none, wherever it leads.</summary>
    public static long SizeOf(FileSystemInfo info) => info switch
    {
        { LinkTarget: not null } => 0,
        FileInfo file => file.Length,
        DirectoryInfo directory => directory.EnumerateFiles("*", NoLinks).Sum(LengthOf),
        _ => 0,
    };

    private static DataKind KindOf(FileSystemInfo info) => info switch
    {
        FileInfo => SettingsFiles.Contains(info.Name) || info.Extension == ".port" ? DataKind.Settings : DataKind.Strange,
        _ => info.Name switch
        {
            "logs" => DataKind.Consoles,
            "dashboard" => DataKind.Telemetry,
            "log" or "rabbitmq" => DataKind.Streams,
            "postgres" => DataKind.Database,
            "processes" or "env" => DataKind.Settings,
            _ => IsStore(info.FullName) ? DataKind.Store : DataKind.Strange,
        },
    };

    /// <summary>A store has only what stores have; where the rows are in Postgres it is empty.</summary>
    private static bool IsStore(string directory) => Directory.EnumerateFileSystemEntries(directory).All(entry =>
        !Directory.Exists(entry) && (Path.GetFileName(entry) is "main.lock" or "main.owner" || Path.GetExtension(entry) is ".db" or ".db-wal" or ".db-shm" or ".lock" or ".owner"));

    /// <summary>It may be gone since it was listed: something runs there.</summary>
    private static long LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }
}
