using System.Text.Json;

namespace FlowPlatform.Orchestration.Processes;

/// <summary>
/// The children of a host, one file each under a folder of the data directory, so that the next host on the same data can end what a killed
/// one left behind. Entries name pid and start time: a stranger that got the pid later is never touched.
/// </summary>
internal sealed class ProcessJournal(string folder)
{
    public void Add(string name, ProcessIdentity identity)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, $"{identity.ProcessId}.json"), JsonSerializer.Serialize(new Entry(name, identity)));
    }

    /// <summary>A process may end before it is noted: then there may be no folder yet.</summary>
    public void Remove(int pid)
    {
        if (Directory.Exists(folder))
        {
            File.Delete(Path.Combine(folder, $"{pid}.json"));
        }
    }

    /// <summary>Those that run, by the names that they were noted under.</summary>
    public IReadOnlyList<(string Name, ProcessIdentity Identity)> Live()
    {
        var live = new List<(string, ProcessIdentity)>();
        foreach (var file in Directory.Exists(folder) ? Directory.GetFiles(folder, "*.json") : [])
        {
            if (Read(file) is { } entry && entry.Identity.IsAlive)
            {
                live.Add((entry.Name, entry.Identity));
            }
        }
        return live;
    }

    /// <summary>Kills what is left of an earlier host and clears the journal. Returns the names and pids of what it killed.</summary>
    public IReadOnlyList<string> Sweep()
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }
        var killed = new List<string>();
        foreach (var file in Directory.GetFiles(folder, "*.json"))
        {
            if (Read(file) is { } entry && entry.Identity.IsAlive && Signals.Kill(entry.Identity.ProcessId))
            {
                killed.Add($"{entry.Name} (pid {entry.Identity.ProcessId})");
            }
            File.Delete(file);
        }
        return killed;
    }

    private static Entry? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<Entry>(File.ReadAllText(file));
        }
        catch (Exception e) when (e is JsonException or FileNotFoundException)
        {
            return null; // cut short by a crash while it was written, or removed meanwhile: it names nobody
        }
    }

    private sealed record Entry(string Name, ProcessIdentity Identity);
}
