using System.CommandLine;
using System.Text.Json;

namespace FlowPlatform.Cli;

/// <summary>A verb of <c>flow</c>.</summary>
/// <param name="Command">Its arguments and options.</param>
/// <param name="RunAsync">Does it, and gives the exit code.</param>
internal sealed record Verb(Command Command, Func<VerbContext, CancellationToken, Task<int>> RunAsync);

/// <summary>A verb that works on this machine's files, whether an AppHost runs or not.</summary>
/// <param name="Command">Its arguments and options.</param>
/// <param name="Run">Does it, and gives the exit code.</param>
internal sealed record LocalVerb(Command Command, Func<LocalContext, int> Run);

/// <summary>What a verb works with.</summary>
internal sealed record VerbContext(ParseResult Parsed, Terminal Terminal, RunningAppHost Host, ServiceClient Client, bool AsJson) : Context(Parsed, Terminal, AsJson);

/// <summary>What a local verb works with.</summary>
/// <param name="Data">The data directory that was named; null: none was.</param>
internal sealed record LocalContext(ParseResult Parsed, Terminal Terminal, string? Data, bool AsJson) : Context(Parsed, Terminal, AsJson);

/// <summary>What all verbs work with.</summary>
internal abstract record Context(ParseResult Parsed, Terminal Terminal, bool AsJson)
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
