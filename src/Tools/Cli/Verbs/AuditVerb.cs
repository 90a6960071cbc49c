using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace FlowPlatform.Cli;

/// <summary><c>flow audit</c>: what operators did.</summary>
internal static class AuditVerb
{
    private const int Most = 500;

    public static Verb Create()
    {
        var service = new Option<string?>("--service") { Description = "Of this service only", HelpName = "NAME" };
        var consumer = new Option<string?>("--consumer") { Description = "About this consumer only", HelpName = "NAME" };
        var limit = Numbers.Option("--limit", "At most so many of a service, newest first", "N", 50, Most);
        var command = new Command("audit", "Lists what was redriven, discarded, adopted and accepted: by whom, when and why.") { service, consumer, limit };
        return new Verb(command, async (context, cancellation) =>
        {
            var parsed = context.Parsed;
            var query = string.Create(CultureInfo.InvariantCulture, $"/flow/audit?limit={parsed.GetValue(limit)}{(parsed.GetValue(consumer) is { } of ? $"&consumer={Uri.EscapeDataString(of)}" : "")}");
            var entries = new List<Shown>();
            foreach (var (name, url) in parsed.GetValue(service) is { } one ? [(one, context.Client.UrlOf(one))] : context.Client.Services.DistinctBy(known => known.Name))
            {
                entries.AddRange((await context.Client.FindAsync(name, url, query, cancellation))?.List("entries").Select(entry => new Shown(name, entry)) ?? []);
            }

            entries.Sort(static (one, other) => string.CompareOrdinal(other.Entry.Text("at"), one.Entry.Text("at")));
            if (context.AsJson)
            {
                context.Write(new Answer(1, entries));
            }
            else
            {
                Draw(context.Terminal, entries);
            }

            return ExitCode.Ok;
        });
    }

    private static void Draw(Terminal terminal, List<Shown> entries)
    {
        if (entries.Count == 0)
        {
            terminal.Line("Nothing was done.");
            return;
        }

        var table = new Grid().Column("at").Column("by").Column("did").Column("to").Column("why").Column("detail");
        foreach (var (service, entry) in entries)
        {
            var place = string.Join(' ', new[] { $"{service}{(entry.Text("consumer") is { } consumer ? $"/{consumer}" : "")}", entry.Text("stream") is { } stream ? $"{stream}-{entry.Number("partition")}" : null, entry.Text("key") }.OfType<string>());
            table.Row(Moments.Shown(entry.Text("at")), entry.Text("actor") ?? "", entry.Text("action") ?? "", place, entry.Text("reason") ?? "", entry.Text("detail") ?? "");
        }

        table.Draw(terminal);
    }

    private sealed record Answer(int Version, IReadOnlyList<Shown> Entries);

    private sealed record Shown(string Service, JsonElement Entry);
}
