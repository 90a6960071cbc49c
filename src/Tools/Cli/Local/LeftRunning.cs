using System.Diagnostics;
using System.Text.Json;

namespace FlowPlatform.Cli;

/// <summary>Processes that an AppHost which was killed has left behind, by the notes that it keeps of its children.</summary>
internal static class LeftRunning
{
    /// <summary>Notes hold the time to the second, and clocks differ by how they are read.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(3);

    /// <summary>One of them, as <c>rabbitmq (pid 4711)</c>; null if there is none.</summary>
    public static string? In(string dataDirectory)
    {
        var notes = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2, AttributesToSkip = FileAttributes.ReparsePoint };
        return Directory.EnumerateFiles(dataDirectory, "*.json", notes)
            .Where(file => Path.GetFileName(Path.GetDirectoryName(file)) == "processes")
            .Select(LiveOf)
            .FirstOrDefault(live => live is not null);
    }

    private static string? LiveOf(string file)
    {
        try
        {
            using var note = JsonDocument.Parse(File.ReadAllBytes(file));
            var pid = note.RootElement.GetProperty("Identity").GetProperty("ProcessId").GetInt32();
            using var process = Process.GetProcessById(pid);
            // Who got the pid later began after the note was written.
            return process.StartTime.ToUniversalTime() <= File.GetLastWriteTimeUtc(file) + Tolerance && !process.HasExited ? $"{note.RootElement.GetProperty("Name").GetString()} (pid {pid})" : null;
        }
        catch (Exception fault) when (fault is ArgumentException or JsonException or KeyNotFoundException or InvalidOperationException or FileNotFoundException)
        {
            return null;
        }
    }
}
