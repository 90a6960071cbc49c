using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace FlowPlatform.Cli;

/// <summary><c>flow incidents</c>: what is known to have gone wrong with the log.</summary>
internal static class IncidentsVerb
{
    private const int Most = 1_000;

    public static Verb Create()
    {
        var service = new Option<string?>("--service") { Description = "Of this service only", HelpName = "NAME" };
        var consumer = new Option<string?>("--consumer") { Description = "Noted by this consumer only; outbox for what was noted while publishing", HelpName = "NAME" };
        var limit = Numbers.Option("--limit", "At most so many of a service, newest first", "N", 50, Most);
        var command = new Command("incidents", "Lists what is known to have gone wrong with the log: what it lost, what was announced as lost, accepted or adopted.") { service, consumer, limit };
        return new Verb(command, async (context, cancellation) =>
        {
            var parsed = context.Parsed;
            var query = string.Create(CultureInfo.InvariantCulture, $"/flow/incidents?limit={parsed.GetValue(limit)}{(parsed.GetValue(consumer) is { } of ? $"&consumer={Uri.EscapeDataString(of)}" : "")}");
            var incidents = new List<Shown>();
            var more = false;
            foreach (var (name, url) in parsed.GetValue(service) is { } one ? [(one, context.Client.UrlOf(one))] : context.Client.Services.DistinctBy(known => known.Name))
            {
                if (await context.Client.FindAsync(name, url, query, cancellation) is { } answer)
                {
                    incidents.AddRange(answer.List("incidents").Select(incident => new Shown(name, incident)));
                    more |= answer.Is("more");
                }
            }

            incidents.Sort(static (one, other) => string.CompareOrdinal(other.Incident.Text("notedAt"), one.Incident.Text("notedAt")));
            if (context.AsJson)
            {
                context.Write(new Answer(1, incidents, more));
            }
            else
            {
                Draw(context.Terminal, incidents, more);
            }

            return ExitCode.Ok;
        });
    }

    private static void Draw(Terminal terminal, List<Shown> incidents, bool more)
    {
        if (incidents.Count == 0)
        {
            terminal.Line("Nothing is known to have gone wrong with the log.");
            return;
        }

        var table = new Grid().Column("at").Column("noted by").Column("partition").Column("kind").Column("detail");
        foreach (var (service, incident) in incidents)
        {
            table.Row(
                Moments.Shown(incident.Text("notedAt")), $"{service}/{incident.Text("consumer")}", $"{incident.Text("stream")}-{incident.Number("partition")}", incident.Text("kind") ?? "", incident.Text("detail") ?? "");
        }

        table.Draw(terminal);
        if (more)
        {
            terminal.Line();
            terminal.Line("There are more (--limit N).");
        }
    }

    private sealed record Answer(int Version, IReadOnlyList<Shown> Incidents, bool More);

    private sealed record Shown(string Service, JsonElement Incident);
}
