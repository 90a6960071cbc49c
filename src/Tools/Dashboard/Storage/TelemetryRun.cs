using System.Globalization;

namespace FlowPlatform.Dashboard.Storage;

/// <summary>What was received from one start of the system to its end.</summary>
internal sealed class TelemetryRun
{
    private const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";
    private readonly SignalFile[] files;

    private TelemetryRun(string directory, DateTimeOffset started, string key)
    {
        Directory = directory;
        Started = started;
        Key = key;
        files = [.. Enum.GetValues<Signal>().Select(signal => new SignalFile(directory, signal))];
    }

    /// <summary>Its name, which is the one of its directory.</summary>
    public string Name => Path.GetFileName(Directory);

    public string Directory { get; }

    public DateTimeOffset Started { get; }

    /// <summary>See <see cref="TelemetryOptions.RunKey"/>.</summary>
    public string Key { get; }

    /// <summary>When something was last written.</summary>
    public DateTimeOffset LastWritten => new DirectoryInfo(Directory).EnumerateFiles().Select(static file => (DateTimeOffset)file.LastWriteTimeUtc).DefaultIfEmpty(Started).Max();

    /// <summary>Size of its files.</summary>
    public long Bytes => new DirectoryInfo(Directory).EnumerateFiles().Sum(static file => file.Length);

    public SignalFile this[Signal signal] => files[(int)signal];

    public static TelemetryRun New(string parent, DateTimeOffset started, string key) =>
        new(Path.Combine(parent, $"{started.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}-{key}"), started, key);

    /// <summary>The run in a directory; null if the directory is none of ours.</summary>
    public static TelemetryRun? In(string directory) =>
        Path.GetFileName(directory).Split('-', 2) is [var time, var key]
        && DateTimeOffset.TryParseExact(time, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var started)
            ? new TelemetryRun(directory, started, key)
            : null;

    /// <summary>Whether this version can read it.</summary>
    public bool IsReadable() => Array.TrueForAll(files, static file => file.IsReadable());

    /// <summary>Lets go of its files, so that they can be deleted.</summary>
    public void Release() => Array.ForEach(files, static file => file.Release());
}
