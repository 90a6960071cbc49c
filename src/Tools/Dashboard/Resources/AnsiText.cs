using System.Globalization;

namespace FlowPlatform.Dashboard.Resources;

/// <summary>A piece of a line in one style.</summary>
/// <param name="Text">Without control sequences.</param>
/// <param name="Style">Classes of the style sheet, or null.</param>
internal readonly record struct AnsiRun(string Text, string? Style);

/// <summary>Turns a terminal's colours into classes, and leaves out every other control sequence.</summary>
internal static class AnsiText
{
    private const char Escape = '\u001b';

    public static IReadOnlyList<AnsiRun> Parse(string line)
    {
        if (!line.AsSpan().ContainsAnyInRange('\0', '\u001f'))
        {
            return [new AnsiRun(line, null)];
        }

        var runs = new List<AnsiRun>();
        var style = new Style();
        var begin = 0;
        for (var at = 0; at < line.Length;)
        {
            if (line[at] != Escape && (line[at] >= ' ' || line[at] == '\t'))
            {
                at++;
                continue;
            }

            Add(runs, line[begin..at], style);
            begin = at = line[at] == Escape ? After(line, at, ref style) : at + 1;
        }

        Add(runs, line[begin..], style);
        return runs;
    }

    /// <summary>Only the text.</summary>
    public static string Strip(string line) => Parse(line) is [var only] ? only.Text : string.Concat(Parse(line).Select(static run => run.Text));

    private static void Add(List<AnsiRun> runs, string text, Style style)
    {
        if (text.Length > 0)
        {
            runs.Add(new AnsiRun(text, style.Classes));
        }
    }

    /// <summary>Where the sequence that begins here ends; one that is cut off ends with the line.</summary>
    private static int After(string line, int at, ref Style style)
    {
        if (at + 1 >= line.Length)
        {
            return line.Length;
        }

        switch (line[at + 1])
        {
            case '[':
                var end = at + 2;
                while (end < line.Length && line[end] is < '@' or > '~')
                {
                    end++;
                }

                if (end < line.Length && line[end] == 'm')
                {
                    style = style.With(line.AsSpan(at + 2, end - at - 2));
                }

                return Math.Min(end + 1, line.Length);
            case ']':
                // A title or a link: up to BEL or ESC \.
                var close = line.AsSpan(at + 2).IndexOfAny('\u0007', Escape);
                return close < 0 ? line.Length : Math.Min(at + 2 + close + (line[at + 2 + close] == Escape ? 2 : 1), line.Length);
            default:
                return at + 2;
        }
    }

    private readonly record struct Style(bool IsBold, int? Colour)
    {
        public string? Classes => (IsBold, Colour) switch
        {
            (false, null) => null,
            (true, null) => "ansi-bold",
            (false, { } colour) => string.Create(CultureInfo.InvariantCulture, $"ansi-{colour}"),
            (true, { } colour) => string.Create(CultureInfo.InvariantCulture, $"ansi-bold ansi-{colour}"),
        };

        /// <summary>The eight colours, bright ones as their plain sisters; of finer ones nothing is taken.</summary>
        public Style With(ReadOnlySpan<char> codes)
        {
            var style = this;
            var skip = 0;
            foreach (var range in codes.Split(';'))
            {
                var code = codes[range].IsEmpty ? 0 : int.TryParse(codes[range], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
                if (skip > 0)
                {
                    // 38;5;N has one value more, 38;2;R;G;B has three.
                    skip = skip == int.MaxValue ? code == 5 ? 1 : code == 2 ? 3 : 0 : skip - 1;
                    continue;
                }

                (style, skip) = code switch
                {
                    0 => (default, 0),
                    1 => (style with { IsBold = true }, 0),
                    22 => (style with { IsBold = false }, 0),
                    >= 30 and <= 37 => (style with { Colour = code - 30 }, 0),
                    >= 90 and <= 97 => (style with { Colour = code - 90 }, 0),
                    39 => (style with { Colour = null }, 0),
                    38 or 48 => (style, int.MaxValue),
                    _ => (style, 0),
                };
            }

            return style;
        }
    }
}
