using System.Runtime.CompilerServices;

namespace FlowPlatform.Simulation;

/// <summary>What happened, line by line, where somebody wants to read it.</summary>
internal sealed class Trace(Action<string>? write)
{
    private Machine? machine;

    public bool On => write is not null;

    public void Of(Machine traced) => machine = traced;

    public void Say([InterpolatedStringHandlerArgument("")] ref Line line)
    {
        if (write is not null)
        {
            write($"{machine!.Steps,6} {TimeSpan.FromTicks(machine.Clock.Ticks),-12:mm\\:ss\\.fff} {line.Text}");
        }
    }

    [InterpolatedStringHandler]
    public readonly ref struct Line
    {
        private readonly System.Text.StringBuilder? text;

        public Line(int literals, int values, Trace trace, out bool enabled)
        {
            enabled = trace.On;
            text = enabled ? new(literals + (values * 8)) : null;
        }

        public string Text => text?.ToString() ?? "";

        public void AppendLiteral(string part) => text!.Append(part);

        public void AppendFormatted<T>(T part) => text!.Append(part);
    }
}
