namespace FlowPlatform.Orchestration.Display;

/// <summary>For files and pipes: plain lines, no escape sequences.</summary>
internal sealed class PlainWriter(TextWriter output) : IConsoleWriter
{
    public void Line(string text, Tone tone) => output.WriteLine(text);

    public void Link(string text, string address) => output.WriteLine($"{text} {address}");

    public void Transient(string text) => output.WriteLine(text);

    public void Table(string title, IReadOnlyList<ResourceRow> rows)
    {
        var name = rows.Max(row => row.Name.Length);
        var state = rows.Max(row => row.State.Length);
        output.WriteLine(title);
        foreach (var row in rows)
        {
            output.WriteLine($"  {row.Name.PadRight(name)}  {row.State.PadRight(state)}  {row.Address}".TrimEnd());
        }
    }
}
