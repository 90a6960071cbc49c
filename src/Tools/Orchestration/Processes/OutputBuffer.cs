namespace FlowPlatform.Orchestration.Processes;

/// <summary>A line that a child wrote.</summary>
internal readonly record struct OutputLine(string Text, bool IsError);

/// <summary>The last lines of a child's output, bounded. Safe for concurrent use.</summary>
internal sealed class OutputBuffer(int capacity)
{
    private readonly Queue<OutputLine> lines = new();
    private readonly Lock gate = new();

    public void Add(OutputLine line)
    {
        lock (gate)
        {
            if (lines.Count == capacity)
            {
                lines.Dequeue();
            }
            lines.Enqueue(line);
        }
    }

    public void Clear()
    {
        lock (gate)
        {
            lines.Clear();
        }
    }

    public OutputLine[] Snapshot()
    {
        lock (gate)
        {
            return [.. lines];
        }
    }

    /// <summary>The last lines as one indented text for an error message.</summary>
    public string Tail(int count) => string.Join(Environment.NewLine, Snapshot().TakeLast(count).Select(line => "  " + line.Text));
}
