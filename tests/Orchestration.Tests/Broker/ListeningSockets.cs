using System.Globalization;
using System.Net;

namespace FlowPlatform.Orchestration.Tests.Broker;

/// <summary>On which addresses a process listens, read from /proc.</summary>
internal static class ListeningSockets
{
    public static IReadOnlyList<string> Of(int pid)
    {
        var inodes = Directory.GetFileSystemEntries($"/proc/{pid}/fd")
            .Select(Target)
            .Where(target => target.StartsWith("socket:[", StringComparison.Ordinal))
            .Select(target => target["socket:[".Length..^1]).ToHashSet(StringComparer.Ordinal);
        return [.. new[] { "tcp", "tcp6" }.SelectMany(table => File.ReadAllLines($"/proc/{pid}/net/{table}").Skip(1))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(columns => columns[3] == "0A" && inodes.Contains(columns[9]))
            .Select(columns => Address(columns[1].Split(':')[0]))];
    }

    private static string Target(string entry)
    {
        try
        {
            return File.ResolveLinkTarget(entry, returnFinalTarget: false)?.Name ?? "";
        }
        catch (FileNotFoundException)
        {
            return ""; // closed since it was listed
        }
    }

    /// <summary>The kernel prints addresses as 32-bit words in host order.</summary>
    private static string Address(string hex)
    {
        var bytes = Enumerable.Range(0, hex.Length / 8)
            .SelectMany(word => BitConverter.GetBytes(uint.Parse(hex.AsSpan(word * 8, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
        return new IPAddress(bytes.ToArray()).ToString();
    }
}
