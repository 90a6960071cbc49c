using System.CommandLine;
using System.Text.Json;

namespace FlowPlatform.Cli;

/// <summary>A verb of <c>flow</c>.</summary>
/// <param name="Command">Its arguments and options.</param>
/// <param name="RunAsync">Does it, and gives the exit code.</param>
internal sealed record Verb(Command Command, Func<VerbContext, CancellationToken, Task<int>> RunAsync);

/// <summary>What a verb works with.</summary>
internal sealed record VerbContext(ParseResult Parsed, Terminal Terminal, RunningAppHost Host, ServiceClient Client, bool AsJson)
{
    /// <summary>Writes JSON, indented.</summary>
    public void Write(object json) => Terminal.Line(JsonSerializer.Serialize(json, Json.Shown));

    /// <summary>Asks before something that can't be undone; <c>--yes</c> has answered already.</summary>
    /// <exception cref="CliException">The answer is no, or nobody is there.</exception>
    public void Confirm(Option<bool> yes, string question)
    {
        if (!Parsed.GetValue(yes) && !Terminal.Confirm(question))
        {
            throw new CliException(ExitCode.NotOk, "Nothing was done.");
        }
    }
}
