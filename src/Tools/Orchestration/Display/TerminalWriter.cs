using Spectre.Console;

namespace FlowPlatform.Orchestration.Display;

/// <summary>For a terminal: colours, a table, and progress redrawn in place.</summary>
internal sealed class TerminalWriter(IAnsiConsole console) : IConsoleWriter
{
    private const string EraseLine = "\r\u001b[K";
    private bool transientShown;

    public void Line(string text, Tone tone)
    {
        Erase();
        console.WriteLine(text, StyleOf(tone));
    }

    public void Link(string text, string address)
    {
        Erase();
        console.WriteLine();
        console.Write(new Text($"  {text} ", new Style(decoration: Decoration.Bold)));
        // In one piece, whatever the width: terminals make a link of it.
        console.Profile.Out.Writer.Write(console.Profile.Capabilities.Ansi ? $"\u001b[1;4;36m{address}\u001b[0m\n" : $"{address}\n");
        console.Profile.Out.Writer.Flush();
        console.WriteLine();
    }

    public void Transient(string text)
    {
        Erase();
        // A wrapped line couldn't be erased.
        var width = Math.Max(console.Profile.Width - 1, 1);
        console.Profile.Out.Writer.Write(text.Length > width ? text[..width] : text);
        console.Profile.Out.Writer.Flush();
        transientShown = true;
    }

    public void Table(string title, IReadOnlyList<ResourceRow> rows)
    {
        Erase();
        var table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(title)).AddColumns("Resource", "State", "URL");
        foreach (var row in rows)
        {
            table.AddRow(new Text(row.Name), new Text(row.State, StyleOf(row.Tone)), new Text(row.Address));
        }
        console.Write(table);
    }

    private void Erase()
    {
        if (transientShown)
        {
            console.Profile.Out.Writer.Write(EraseLine);
            transientShown = false;
        }
    }

    private static Style StyleOf(Tone tone) => tone switch
    {
        Tone.Good => new Style(Color.Green),
        Tone.Warning => new Style(Color.Yellow),
        Tone.Bad => new Style(Color.Red),
        _ => Style.Plain,
    };
}
