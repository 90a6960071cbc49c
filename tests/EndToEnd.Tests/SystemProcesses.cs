using System.Text;
using System.Text.Json;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.EndToEnd.Tests;

/// <summary>Finds the processes of one AppHost by its data directory, whoever their parent is by now.</summary>
internal static class SystemProcesses
{
    /// <summary>Live processes of a resource, as the AppHost's journal has them: one, or none while it is started again.</summary>
    public static ProcessIdentity? Service(string data, string name) =>
        Journal(Path.Combine(data, "processes")).Where(entry => entry.Name == name && entry.Identity.IsAlive).Select(entry => entry.Identity).SingleOrDefault();

    /// <summary>A node of the broker's cluster, from 1; null while it is started again.</summary>
    public static ProcessIdentity? BrokerNode(string data, int number) =>
        Journal(Path.Combine(data, "rabbitmq", $"node-{number}", "processes")).Where(entry => entry.Name == "rabbitmq" && entry.Identity.IsAlive).Select(entry => entry.Identity).SingleOrDefault();

    /// <summary>
    /// Everything alive: what the journals have, and on Linux every process that has the directory in its command line or environment, such as the broker's helpers.
    /// </summary>
    public static IReadOnlyList<ProcessIdentity> All(string data)
    {
        var journals = Directory.Exists(data) ? Directory.GetDirectories(data, "processes", SearchOption.AllDirectories) : [];
        return [.. journals.SelectMany(Journal).Select(entry => entry.Identity).Concat(Mentioning(data)).Where(identity => identity.IsAlive).Distinct()];
    }

    private static IEnumerable<ProcessIdentity> Mentioning(string data)
    {
        var text = Encoding.UTF8.GetBytes(data);
        foreach (var folder in OperatingSystem.IsLinux() ? Directory.GetDirectories("/proc") : [])
        {
            if (int.TryParse(Path.GetFileName(folder), out var pid) && (Holds($"{folder}/cmdline", text) || Holds($"{folder}/environ", text)) && ProcessIdentity.Of(pid) is { } identity)
            {
                yield return identity;
            }
        }
    }

    private static bool Holds(string file, byte[] text)
    {
        try
        {
            return File.ReadAllBytes(file).AsSpan().IndexOf(text) >= 0;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false; // ended in between, or somebody else's
        }
    }

    private static IEnumerable<Entry> Journal(string folder)
    {
        foreach (var file in Directory.Exists(folder) ? Directory.GetFiles(folder, "*.json") : [])
        {
            if (Read(file) is { } entry)
            {
                yield return entry;
            }
        }
    }

    private static Entry? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<Entry>(File.ReadAllText(file));
        }
        catch (Exception unfinished) when (unfinished is IOException or JsonException)
        {
            return null; // removed in between, or being written
        }
    }

    private sealed record Entry(string Name, ProcessIdentity Identity);
}
