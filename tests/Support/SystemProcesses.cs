using System.Text;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Tests.Support;

/// <summary>Finds the processes of one AppHost by its data directory, whoever their parent is by now.</summary>
internal static class SystemProcesses
{
    /// <summary>Live processes of a resource, as the AppHost's journal has them: one, or none while it is started again.</summary>
    public static ProcessIdentity? Service(string data, string name) =>
        Journal(Path.Combine(data, "processes")).Where(entry => entry.Name == name).Select(entry => entry.Identity).SingleOrDefault();

    /// <summary>The broker's first process; of a cluster, the node's with this number.</summary>
    public static ProcessIdentity? Broker(string data, int? node = null) =>
        Journal(node is { } number ? Path.Combine(data, "rabbitmq", $"node-{number}", "processes") : Path.Combine(data, "rabbitmq", "processes"))
            .Where(entry => entry.Name == "rabbitmq").Select(entry => entry.Identity).SingleOrDefault();

    /// <summary>The first process of Postgres.</summary>
    public static ProcessIdentity? Postgres(string data) => Journal(Path.Combine(data, "postgres", "processes")).Select(entry => entry.Identity).SingleOrDefault();

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

    private static IReadOnlyList<(string Name, ProcessIdentity Identity)> Journal(string folder) => new ProcessJournal(folder).Live();
}
