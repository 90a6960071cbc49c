using System.Globalization;
using FlowPlatform.Log;

namespace FlowPlatform.Dashboard.Events;

/// <summary>Where a partition is read from, and to where.</summary>
/// <param name="Partition">Which.</param>
/// <param name="From">From here.</param>
/// <param name="End">To this offset, itself included.</param>
internal readonly record struct Slice(PartitionId Partition, LogPosition From, long End);

/// <summary>Which events are wanted.</summary>
internal sealed record EventFilter
{
    public static EventFilter All { get; } = new();

    /// <summary>Exactly this key; null: any.</summary>
    public string? Key { get; init; }

    /// <summary>Type, or the beginning of one: <c>orders.</c>; null: any.</summary>
    public string? Type { get; init; }

    /// <summary>Id of the event, or of the conversation that it is part of; null: any.</summary>
    public string? Id { get; init; }

    public bool Any => Key is not null || Type is not null || Id is not null;

    public bool Takes(EventEnvelope @event) =>
        (Key is null || @event.Key == Key)
        && (Type is null || @event.Type.StartsWith(Type, StringComparison.OrdinalIgnoreCase))
        && (Id is null || @event.Id == Id || @event.CorrelationId == Id || @event.CausationId == Id);
}

/// <summary>How far a search has come: the next offset of each of its partitions. As text it is part of an address.</summary>
internal sealed record ScanCursor(IReadOnlyDictionary<PartitionId, long> Next)
{
    private const int MaxParts = 512;

    /// <summary>Such as <c>orders-0.120_orders-1.98</c>.</summary>
    public override string ToString() => string.Join('_', Next.OrderBy(static part => part.Key).Select(static part => string.Create(CultureInfo.InvariantCulture, $"{part.Key.Name}.{part.Value}")));

    /// <summary>Reads one; null if it is none.</summary>
    public static ScanCursor? TryParse(string? text)
    {
        var next = new Dictionary<PartitionId, long>();
        foreach (var part in (text ?? "").Split('_', MaxParts + 1, StringSplitOptions.RemoveEmptyEntries))
        {
            var (dot, dash) = (part.LastIndexOf('.'), part.LastIndexOf('-'));
            if (dash <= 0 || dot <= dash || !StreamDefinition.IsValidName(part[..dash])
                || !int.TryParse(part.AsSpan(dash + 1, dot - dash - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                || !long.TryParse(part.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
            {
                return null;
            }

            next[new PartitionId(part[..dash], index)] = offset;
        }

        return next.Count is > 0 and <= MaxParts ? new ScanCursor(next) : null;
    }
}

/// <summary>Why a search ended.</summary>
internal enum ScanEnd
{
    /// <summary>Everything was looked at.</summary>
    Complete,

    /// <summary>The page is full.</summary>
    PageFull,

    /// <summary>So much was looked at that somebody should say whether to go on.</summary>
    Limit,

    /// <summary>Somebody stopped it.</summary>
    Stopped,
}

/// <summary>What a search has done so far.</summary>
/// <param name="Scanned">Events that were looked at.</param>
/// <param name="Bytes">Their data, in bytes.</param>
/// <param name="Found">Events that were wanted.</param>
/// <param name="At">When the newest of them was stored; null before the first.</param>
internal readonly record struct ScanProgress(long Scanned, long Bytes, int Found, DateTimeOffset? At);

/// <summary>What was found.</summary>
/// <param name="Events">By the time when they were stored; within a partition by offset.</param>
/// <param name="Progress">What was done.</param>
/// <param name="End">Why it ended.</param>
/// <param name="Next">Where to go on.</param>
internal sealed record ScanPage(IReadOnlyList<LogRecord> Events, ScanProgress Progress, ScanEnd End, ScanCursor Next);
