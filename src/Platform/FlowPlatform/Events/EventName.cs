using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace FlowPlatform.Events;

/// <summary>The two parts of an event type's name: <c>orders.placed</c> and 1 of <c>orders.placed.v1</c>.</summary>
/// <param name="Stem">All before the version.</param>
/// <param name="Version">The version, from 1.</param>
internal readonly record struct EventName(string Stem, int Version)
{
    /// <summary>Takes a name apart; false if it doesn't end with a version.</summary>
    public static bool TryParse(string name, [NotNullWhen(true)] out EventName? parsed)
    {
        parsed = TrySplit(name, out var stem, out var version) ? new EventName(stem.ToString(), version) : null;
        return parsed is not null;
    }

    /// <summary>As <see cref="TryParse"/>, without a copy of the stem.</summary>
    public static bool TrySplit(ReadOnlySpan<char> name, out ReadOnlySpan<char> stem, out int version)
    {
        var dot = name.LastIndexOf(".v");
        stem = dot > 0 ? name[..dot] : default;
        version = 0;
        return dot > 0 && int.TryParse(name[(dot + 2)..], NumberStyles.None, CultureInfo.InvariantCulture, out version) && version > 0;
    }
}
