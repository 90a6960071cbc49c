using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace FlowPlatform.Cli;

/// <summary>Help, and below that of <c>flow</c> itself what holds for all verbs.</summary>
internal sealed class ExplainedHelp(HelpAction usual, Terminal terminal) : SynchronousCommandLineAction
{
    private const string Rest =
        """
        Exit codes:
          0  done, or all is well
          1  a check failed, something has stopped, or nothing was done
          2  the command line is wrong, or doesn't say which AppHost is meant
          3  no AppHost runs, or a service does not answer
          4  a service refused: the key, a conflict, or something that it doesn't know

        Examples:
          flow status                                          how everything stands
          flow check --json | jq .ok                           does money, stock and every count agree?
          flow parked                                          events that couldn't be applied
          flow redrive order-status --key 536365               try them again, in order
          flow discard order-status --key 536365 --reason "…"  give them up, for ever
          flow restart insights                                as it was built last, while all others run
        """;

    public override int Invoke(ParseResult parseResult)
    {
        var code = usual.Invoke(parseResult);
        if (parseResult.CommandResult.Command is RootCommand)
        {
            foreach (var line in Rest.Split('\n'))
            {
                terminal.Line(line.TrimEnd('\r'));
            }
        }

        return code;
    }
}
