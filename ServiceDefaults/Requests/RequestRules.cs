using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace ServiceDefaults;

/// <summary>What the requests of all services have in common: ids, texts and times.</summary>
public static class RequestRules
{
    /// <summary>Most characters of an id.</summary>
    public const int MaxId = 64;

    private static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>True for an id that can also stand in a path: no slash, and none of the words that are paths already.</summary>
    public static bool IsId([NotNullWhen(true)] string? id) => IsPrintable(id, MaxId) && !id.Contains('/') && id is not ("." or ".." or "batch" or "summary");

    /// <summary>True for 1 to <paramref name="longest"/> printable characters with no space at either end.</summary>
    public static bool IsPrintable([NotNullWhen(true)] string? text, int longest)
    {
        if (text is not { Length: > 0 } || text.Length > longest || text[0] == ' ' || text[^1] == ' ')
        {
            return false;
        }

        foreach (var letter in text)
        {
            if (letter is < ' ' or > '~' && !IsPrintableRune(text))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Adds a fault unless it is an id (<see cref="IsId"/>).</summary>
    public static bool RequireId(this Faults faults, string field, string? id) =>
        faults.Require(IsId(id), field, $"An id has 1 to {MaxId} printable characters, no slash, no space at either end, and is not 'batch', 'summary', '.' or '..'.");

    /// <summary>Adds a fault unless it is printable (<see cref="IsPrintable"/>).</summary>
    /// <param name="faults">The faults.</param>
    /// <param name="field">The field, as in JSON.</param>
    /// <param name="text">The text.</param>
    /// <param name="longest">Most characters.</param>
    /// <param name="what">What it is, with its article, e.g. "A country".</param>
    public static bool RequireText(this Faults faults, string field, string? text, int longest, string what) =>
        faults.Require(IsPrintable(text, longest), field, $"{what} has 1 to {longest} printable characters and no space at either end.");

    /// <summary>Adds a fault unless it is a time that business happens in: what consumers add to an event's time must not leave the calendar.</summary>
    public static bool RequireTime(this Faults faults, string field, DateTimeOffset time) =>
        faults.Require(time >= Earliest && time < Latest, field, "A time is ISO 8601 with its offset, in the years 2000 to 2099, e.g. 2010-12-01T08:26:00Z.");

    /// <summary>The slow way, for text that is not all ASCII.</summary>
    private static bool IsPrintableRune(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value != ' ' && (Rune.IsControl(rune) || Rune.IsWhiteSpace(rune) || rune == Rune.ReplacementChar
                || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse))
            {
                return false;
            }
        }

        return true;
    }
}
