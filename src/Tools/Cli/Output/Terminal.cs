using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace FlowPlatform.Cli;

/// <summary>Where <c>flow</c> writes and asks. No colour where nobody sees it, or where NO_COLOR is set.</summary>
internal sealed class Terminal
{
    /// <summary>Piped, a line is a line, however long.</summary>
    private const int Endless = 10_000;

    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    public required TextReader In { get; init; }

    /// <summary>Somebody is there to answer.</summary>
    public bool Interactive { get; init; }

    public bool Colour { get; init; }

    public int Width { get; init; } = Endless;

    public string WorkingDirectory { get; init; } = Environment.CurrentDirectory;

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public static Terminal OfProcess()
    {
        var output = !Console.IsOutputRedirected;
        return new Terminal
        {
            Out = Console.Out,
            Error = Console.Error,
            In = Console.In,
            Interactive = output && !Console.IsInputRedirected,
            Colour = output && Environment.GetEnvironmentVariable("NO_COLOR") is null or "" && Environment.GetEnvironmentVariable("TERM") != "dumb",
            Width = output && Console.WindowWidth > 0 ? Console.WindowWidth : Endless,
        };
    }

    public void Line(string text = "") => Out.WriteLine(text);

    /// <summary>Writes sentences below a heading, each folded to the terminal's width.</summary>
    public void List(string heading, IEnumerable<string> sentences)
    {
        Line(heading);
        foreach (var sentence in sentences)
        {
            Draw(new Padder(new Text(Safe(sentence)), new Padding(2, 0, 0, 0)));
        }
    }

    public void Fault(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            Error.WriteLine(Safe(line.TrimEnd('\r')));
        }
    }

    /// <summary>Asks; anything but yes is no.</summary>
    /// <exception cref="CliException">There is nobody to ask.</exception>
    public bool Confirm(string question)
    {
        if (!Interactive)
        {
            throw new CliException(ExitCode.Misuse, $"{question} Nobody is there to confirm it: add --yes.");
        }

        Out.Write($"{question} [y/N] ");
        Out.Flush();
        return In.ReadLine()?.Trim() is "y" or "Y" or "yes" or "Yes";
    }

    /// <summary>Writes what Spectre draws, without blanks at the ends of lines.</summary>
    public void Draw(IRenderable what)
    {
        using var drawn = new StringWriter { NewLine = "\n" };
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = Colour ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = Colour ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(drawn),
        });
        console.Profile.Width = Width;
        console.Profile.Capabilities.Unicode = true;
        console.Write(what);
        foreach (var line in drawn.ToString().TrimEnd('\n').Split('\n'))
        {
            Out.WriteLine(line.TrimEnd());
        }
    }

    /// <summary>Names come from events and from other machines: what would steer a terminal is made visible.</summary>
    public static string Safe(string? text)
    {
        if (text is null || !text.Any(char.IsControl))
        {
            return text ?? "";
        }

        var safe = new StringBuilder(text.Length);
        foreach (var letter in text)
        {
            safe.Append(char.IsControl(letter) ? '\ufffd' : letter);
        }

        return safe.ToString();
    }
}
