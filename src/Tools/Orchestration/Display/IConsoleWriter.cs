namespace FlowPlatform.Orchestration.Display;

internal enum Tone
{
    Plain,
    Good,
    Warning,
    Bad,
}

/// <summary>One row of the table of resources.</summary>
internal sealed record ResourceRow(string Name, string State, Tone Tone, string Address);

/// <summary>Where the view writes. Used by one task at a time.</summary>
internal interface IConsoleWriter
{
    void Line(string text, Tone tone);

    /// <summary>An address to open, not to be overlooked.</summary>
    void Link(string text, string address);

    /// <summary>A line that the next one replaces.</summary>
    void Transient(string text);

    void Table(string title, IReadOnlyList<ResourceRow> rows);
}
