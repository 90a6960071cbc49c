using FlowPlatform.Events;

namespace FlowPlatform.Consumers;

/// <summary>The events that a consumer handles, whatever their versions: an unknown version of one of them must not be taken for an event that is none of its business. Immutable.</summary>
internal sealed class HandledVersions
{
    private readonly string consumer;
    private readonly Dictionary<string, List<EventName>> byStem = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<EventName>>.AlternateLookup<ReadOnlySpan<char>> stems;

    public HandledVersions(string consumer, IEnumerable<string> handled)
    {
        this.consumer = consumer;
        foreach (var name in handled)
        {
            if (EventName.TryParse(name, out var parsed))
            {
                (byStem.TryGetValue(parsed.Value.Stem, out var versions) ? versions : byStem[parsed.Value.Stem] = []).Add(parsed.Value);
            }
        }

        stems = byStem.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>True if some version of the event is handled.</summary>
    public bool HasAnother(string type) => EventName.TrySplit(type, out var stem, out _) && stems.ContainsKey(stem);

    /// <summary>Says what is wrong with a version that no handler takes.</summary>
    public UnknownEventVersionException Unknown(string type)
    {
        EventName.TrySplit(type, out var stem, out var version);
        var versions = stems[stem];
        return new UnknownEventVersionException(
            consumer, type, [.. versions.OrderBy(name => name.Version).Select(name => $"{name.Stem}.v{name.Version}")], newer: versions.TrueForAll(name => name.Version < version));
    }
}
