using System.CommandLine;

namespace FlowPlatform.Cli;

/// <summary><c>flow check</c>: the invariants of the report, on the running system.</summary>
internal static class CheckVerb
{
    private const string Simulator = "simulator";

    public static Verb Create()
    {
        var wait = Numbers.Option("--wait", "Longest time to wait until all that is under way has ended", "SECONDS", 30, 300);
        var command = new Command("check", "Holds the simulated customers back until all is quiet, and checks that money, stock and counts agree between services.") { wait };
        return new Verb(command, async (context, cancellation) =>
        {
            var limit = TimeSpan.FromSeconds(context.Parsed.GetValue(wait));
            // A check waits its turn, and asks services that may be slow.
            var answer = await context.Client.PostAsync(Simulator, $"/flow/check?wait={limit.TotalSeconds:0}", null, cancellation, (2 * limit) + TimeSpan.FromSeconds(30));
            if (context.AsJson)
            {
                context.Write(answer);
            }
            else
            {
                Draw(context.Terminal, answer.Is("quiet"), answer.Is("ok"), answer.List("obstacles").Select(item => item.GetString() ?? ""), answer.List("invariants"));
            }

            return answer.Is("ok") ? ExitCode.Ok : ExitCode.NotOk;
        });
    }

    private static void Draw(Terminal terminal, bool quiet, bool ok, IEnumerable<string> obstacles, IReadOnlyList<System.Text.Json.JsonElement> invariants)
    {
        if (!quiet)
        {
            terminal.Line("Not quiet in time, so nothing can be said. What stood in the way (a longer --wait may help):");
            foreach (var obstacle in obstacles)
            {
                terminal.Line($"  {Terminal.Safe(obstacle)}");
            }

            return;
        }

        var table = new Grid().Column("").Column("invariant").Column("detail");
        foreach (var invariant in invariants)
        {
            var holds = invariant.Is("ok");
            table.Row(new Cell(holds ? "ok" : "FAILED", holds ? Tone.Good : Tone.Bad), invariant.Text("name") ?? "", invariant.Text("detail") ?? "");
        }

        table.Draw(terminal);
        terminal.Line();
        terminal.Line(ok ? $"All {invariants.Count} invariants hold." : $"{invariants.Count(invariant => !invariant.Is("ok"))} of {invariants.Count} invariants do not hold.");
    }
}
