using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace FlowPlatform.Cli;

/// <summary><c>flow status</c>: health of every service, and where every consumer is.</summary>
internal static class StatusVerb
{
    public static Verb Create()
    {
        var partitions = new Option<bool>("--partitions") { Description = "A row for every partition" };
        var command = new Command("status", "Shows services, consumers and outboxes. Fails if something has stopped or doesn't answer.") { partitions };
        return new Verb(command, async (context, cancellation) =>
        {
            var services = await ServiceStatus.AskAllAsync(context.Client, cancellation);
            if (services.All(service => service.Fault is not null))
            {
                throw new CliException(ExitCode.Unreachable, string.Join('\n', services.Select(service => service.Fault)));
            }

            var problems = services.SelectMany(service => service.Problems).Distinct().ToList();
            if (context.AsJson)
            {
                context.Write(new Answer(1, problems.Count == 0, context.Host.Data, context.Host.Pid, context.Host.Dashboard, [.. services.Select(service => service.ToJson())], problems));
            }
            else
            {
                Draw(context, services, problems, context.Parsed.GetValue(partitions));
            }

            return problems.Count == 0 ? ExitCode.Ok : ExitCode.NotOk;
        });
    }

    private static void Draw(VerbContext context, IReadOnlyList<ServiceStatus> services, List<string> problems, bool partitions)
    {
        var terminal = context.Terminal;
        var table = new Grid().Column("service").Column("health").Column("outbox", number: true).Column("commands", number: true).Column("publishes");
        foreach (var service in services)
        {
            var outbox = service.Flow?.Find("outbox");
            table.Row(
                service.Name,
                new Cell(service.Health, service.Health switch { "Healthy" => Tone.Good, "Degraded" => Tone.Warning, _ => Tone.Bad }),
                outbox is { } box ? Whole(box.Number("depth")) : "",
                outbox is { } same ? Whole(same.Number("commands")) : "",
                service.Flow is { } flow ? string.Join(", ", flow.List("streams").GroupBy(row => row.Text("stream")).Select(stream => $"{stream.Key} {Whole(stream.Sum(row => row.Number("lastSequence")))}")) : "");
        }

        table.Draw(terminal);
        terminal.Line();
        var consumers = new Grid().Column("consumer").Column("stream").Column("state").Column("lag", number: true).Column("delay", number: true).Column("parked", number: true);
        foreach (var row in services.SelectMany(service => ConsumerRow.Of(service, partitions)))
        {
            consumers.Row(
                $"{row.Service}/{row.Consumer}",
                row.Stream,
                new Cell(row.State, row.State switch { "live" => Tone.Good, "stopped" => Tone.Bad, _ => Tone.Warning }),
                row.Lag is { } lag ? Whole(lag) : "?",
                string.Create(CultureInfo.InvariantCulture, $"{row.Delay:0.#} s"),
                row.Parked == 0 ? "0" : new Cell(Whole(row.Parked), Tone.Warning));
        }

        if (consumers.HasRows)
        {
            consumers.Draw(terminal);
            terminal.Line();
        }

        var notes = services.SelectMany(service => service.Notes).Distinct().ToList();
        if (notes.Count > 0)
        {
            terminal.List("To look at:", notes);
        }

        if (problems.Count > 0)
        {
            terminal.List(problems.Count == 1 ? "1 problem:" : $"{problems.Count} problems:", problems);
        }
        else
        {
            terminal.Line(notes.Count == 0 ? "All is well." : "Everything flows.");
        }

        if (context.Host.Dashboard is { } dashboard)
        {
            terminal.Line($"Dashboard: {dashboard}");
        }
    }

    private static string Whole(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private sealed record Answer(int Version, bool Ok, string Data, int Pid, string? Dashboard, IReadOnlyList<ServiceStatus.Shown> Services, IReadOnlyList<string> Problems);

    /// <summary>A consumer in one stream, all partitions together or one of them.</summary>
    private sealed record ConsumerRow(string Service, string Consumer, string Stream, string State, long? Lag, double Delay, long Parked)
    {
        private static readonly string[] Worst = ["stopped", "unavailable", "waiting", "catching-up"];

        public static IEnumerable<ConsumerRow> Of(ServiceStatus service, bool partitions) => service.Flow is not { } flow ? [] : flow.List("consumers")
            .GroupBy(row => (Consumer: row.Text("consumer") ?? "", Stream: row.Text("stream") + (partitions ? $"-{row.Number("partition")}" : "")))
            .Select(group => new ConsumerRow(
                service.Name, group.Key.Consumer, group.Key.Stream,
                Worst.FirstOrDefault(state => group.Any(row => row.Text("state") == state)) ?? group.First().Text("state") ?? "?",
                group.All(row => row.Has("lag")) ? group.Sum(row => row.Number("lag")) : null,
                group.Max(row => row.Ratio("delaySeconds")),
                group.Sum(row => row.Find("parked") is { ValueKind: JsonValueKind.Object } parked ? parked.Number("keys") : 0)));
    }
}
