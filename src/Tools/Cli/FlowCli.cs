using System.CommandLine;
using System.CommandLine.Help;

namespace FlowPlatform.Cli;

/// <summary>The command <c>flow</c>: what an operator asks a running AppHost, and tells it.</summary>
internal static class FlowCli
{
    private const int LongestTimeout = 600;

    /// <summary>Runs one command line.</summary>
    /// <returns>The exit code: see <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellationToken)
    {
        var parsed = Build(terminal).Parse(args.Length == 0 ? ["--help"] : args);
        if (parsed.Errors.Count > 0 && !args.Any(argument => argument is "--help" or "-h" or "-?"))
        {
            var verb = parsed.CommandResult.Command is RootCommand ? "flow" : $"flow {parsed.CommandResult.Command.Name}";
            // A misspelt verb is also a missing one; what is misspelt says more.
            var faults = parsed.Errors.Select(error => error.Message).Distinct().ToList();
            terminal.Fault(string.Join('\n', faults.Skip(faults.Count > 1 && parsed.CommandResult.Command is RootCommand ? 1 : 0)));
            terminal.Fault($"See {verb} --help.");
            return ExitCode.Misuse;
        }

        try
        {
            var code = await parsed.InvokeAsync(new InvocationConfiguration { Output = terminal.Out, Error = terminal.Error, EnableDefaultExceptionHandler = false }, cancellationToken);
            return args.Length == 0 ? ExitCode.Misuse : code;
        }
        catch (CliException fault)
        {
            terminal.Fault(fault.Message);
            return fault.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (IOException)
        {
            // Whoever read what is piped has had enough.
            return ExitCode.NotOk;
        }
    }

    private static RootCommand Build(Terminal terminal)
    {
        var data = new Option<string?>("--data")
        {
            Description = "Data directory of the AppHost. Default: the only one that runs below .flow of this directory or its parents", HelpName = "DIR", Recursive = true,
        };
        var json = new Option<bool>("--json") { Description = "Answer with JSON, for programs; its shape has a version", Recursive = true };
        var timeout = Numbers.Option("--timeout", "Longest wait for an answer of a service", "SECONDS", 10, LongestTimeout);
        timeout.Recursive = true;
        var root = new RootCommand("Looks after a running FlowPlatform: how events flow, whether everything fits together, and what is to be done about it where it doesn't.")
        {
            data, json, timeout,
        };
        foreach (var verb in (Verb[])[StatusVerb.Create(), CheckVerb.Create(), ParkedVerb.Create(), ParkingVerbs.Redrive(), ParkingVerbs.Discard(), RepairVerbs.Adopt(), RepairVerbs.AcceptGap(), IncidentsVerb.Create(), AuditVerb.Create(), ResourceVerbs.Start(), ResourceVerbs.Stop(), ResourceVerbs.Restart()])
        {
            verb.Command.SetAction(async (parsed, cancellation) =>
            {
                var host = RunningAppHost.Find(parsed.GetValue(data), terminal.WorkingDirectory);
                using var client = new ServiceClient(host, TimeSpan.FromSeconds(parsed.GetValue(timeout)), terminal.Clock);
                return await verb.RunAsync(new VerbContext(parsed, terminal, host, client, parsed.GetValue(json)), cancellation);
            });
            root.Add(verb.Command);
        }

        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new ExplainedHelp((HelpAction)help.Action!, terminal);
        return root;
    }
}
