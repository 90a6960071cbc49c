using Spectre.Console;

namespace FlowPlatform.Cli;

/// <summary>A table as people read it and as <c>grep</c> and <c>awk</c> can: a heading, rows, no frame.</summary>
internal sealed class Grid
{
    private readonly Table table = new Table { Border = TableBorder.None, ShowHeaders = true }.Collapse();
    private bool first = true;

    /// <summary>Adds a column; numbers stand right.</summary>
    public Grid Column(string heading, bool number = false)
    {
        var column = new TableColumn(new Text(heading.ToUpperInvariant(), new Style(decoration: Decoration.Dim))) { Padding = new Padding(first ? 0 : 1, 0, 1, 0), NoWrap = number };
        table.AddColumn(number ? column.RightAligned() : column);
        first = false;
        return this;
    }

    /// <summary>Adds a row.</summary>
    public void Row(params IReadOnlyList<Cell> cells) => table.AddRow(cells.Select(cell => new Text(Terminal.Safe(cell.Text), StyleOf(cell.Tone))));

    public bool HasRows => table.Rows.Count > 0;

    public void Draw(Terminal terminal) => terminal.Draw(table);

    private static Style StyleOf(Tone tone) => tone switch
    {
        Tone.Good => new Style(Color.Green),
        Tone.Warning => new Style(Color.Yellow),
        Tone.Bad => new Style(Color.Red, decoration: Decoration.Bold),
        _ => Style.Plain,
    };
}

/// <summary>How a cell is meant.</summary>
internal enum Tone
{
    Plain,
    Good,
    Warning,
    Bad,
}

/// <summary>A cell.</summary>
internal readonly record struct Cell(string Text, Tone Tone = Tone.Plain)
{
    public static implicit operator Cell(string text) => new(text);
}
