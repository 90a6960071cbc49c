using System.Buffers.Binary;

namespace FlowPlatform.EndToEnd.Tests.Repair;

/// <summary>
/// The files of a stopped RabbitMQ node. Streams are not fsynced: a machine that loses power may come back with less than the broker had confirmed. A killed process alone loses nothing, for the
/// system has what it wrote; so the loss is made by cutting segment and index at the same chunk.
/// </summary>
internal static class StreamFiles
{
    /// <summary>An index begins with a magic word and a version.</summary>
    private const int Header = 8;

    /// <summary>Chunk's first offset (8 bytes), timestamp (8), epoch (8), position in the segment (4), kind (1); all big endian.</summary>
    private const int Entry = 29;

    /// <summary>Cuts the newest chunks off every partition of a stream.</summary>
    /// <param name="brokerData">The node's data directory.</param>
    /// <param name="stream">Name of the stream.</param>
    /// <param name="keep">How many of so many chunks to keep.</param>
    /// <returns>By partition, the first offset that is gone.</returns>
    public static IReadOnlyDictionary<int, long> CutTail(string brokerData, string stream, Func<int, int> keep)
    {
        var lost = new Dictionary<int, long>();
        foreach (var index in Directory.EnumerateFiles(brokerData, "*.index", SearchOption.AllDirectories))
        {
            var folder = Path.GetFileName(Path.GetDirectoryName(index)!);
            if (!folder.StartsWith($"__{stream}-", StringComparison.Ordinal))
            {
                continue;
            }

            Path.GetFileName(index).ShouldBe("00000000000000000000.index", "one segment is cut, the only one");
            var entries = File.ReadAllBytes(index).AsSpan(Header);
            var (chunks, kept) = (entries.Length / Entry, keep(entries.Length / Entry));
            kept.ShouldBeInRange(1, chunks - 1, $"chunks of {folder}");
            var first = entries[(kept * Entry)..];
            Truncate(index, Header + (kept * Entry));
            Truncate(Path.ChangeExtension(index, ".segment"), BinaryPrimitives.ReadUInt32BigEndian(first[24..]));
            lost[int.Parse(folder.Split('_')[2][(stream.Length + 1)..], null)] = (long)BinaryPrimitives.ReadUInt64BigEndian(first);
        }

        return lost;
    }

    private static void Truncate(string file, long length)
    {
        using var stream = new FileStream(file, FileMode.Open);
        stream.Length.ShouldBeGreaterThan(length);
        stream.SetLength(length);
    }
}
