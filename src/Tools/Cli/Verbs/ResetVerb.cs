using System.CommandLine;

namespace FlowPlatform.Cli;

/// <summary><c>flow reset</c>: begins anew on this machine.</summary>
internal static class ResetVerb
{
    public static LocalVerb Create()
    {
        var runs = new Option<bool>("--runs") { Description = "Delete what ended runs with --until-done have left (.flow/runs), and nothing else" };
        var projection = new Option<string?>("--projection") { Description = "Delete one projection's rows only: it is folded anew from the log", HelpName = "SERVICE/NAME" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Don't ask" };
        var command = new Command("reset", "Deletes the data of a stopped AppHost on this machine: stores, streams, consoles, telemetry. What will go is shown first.") { runs, projection, yes };
        return new LocalVerb(command, context =>
        {
            var data = DataDirectory.Find(context.Data, context.Terminal.WorkingDirectory);
            var (ofRuns, of) = (context.Parsed.GetValue(runs), context.Parsed.GetValue(projection));
            if (ofRuns && of is not null)
            {
                throw new CliException(ExitCode.Misuse, "--runs and --projection are two things: say one.");
            }

            var plan = ofRuns ? ResetPlan.OfRuns(data) : of is not null ? ResetPlan.OfProjection(data, of) : ResetPlan.OfEverything(data);
            if (!context.AsJson)
            {
                Draw(context.Terminal, plan);
            }

            if (plan.Parts.Count > 0)
            {
                context.Confirm(yes, plan.Question);
                plan.Execute();
            }

            if (context.AsJson)
            {
                context.Write(new Answer(1, data.FullPath, plan.Parts, plan.Bytes));
            }
            else
            {
                context.Terminal.Line(plan.Parts.Count == 0 ? "There is nothing to delete." : $"Deleted: {Size.Of(plan.Bytes)}. {plan.Afterwards}");
            }

            return ExitCode.Ok;
        });
    }

    private static void Draw(Terminal terminal, ResetPlan plan)
    {
        if (plan.Parts.Count > 0)
        {
            var table = new Grid().Column("will be deleted").Column("size", number: true).Column("what");
            foreach (var part in plan.Parts)
            {
                table.Row(part.Path, Size.Of(part.Bytes), part.What);
            }

            table.Draw(terminal);
            terminal.Line();
        }

        if (plan.Kept.Count > 0)
        {
            terminal.List("Kept:", plan.Kept);
        }
    }

    private sealed record Answer(int Version, string Data, IReadOnlyList<ResetPart> Deleted, long Bytes);
}
