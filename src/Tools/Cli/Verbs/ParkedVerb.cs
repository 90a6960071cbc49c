using System.CommandLine;
using System.Text.Json;

namespace FlowPlatform.Cli;

/// <summary><c>flow parked</c>: keys that are blocked by an event which can't be applied.</summary>
internal static class ParkedVerb
{
    private const int MostRows = 100_000;

    public static Verb Create()
    {
        var service = new Option<string?>("--service") { Description = "Of this service only", HelpName = "NAME" };
        var consumer = new Option<string?>("--consumer") { Description = "Of this consumer only", HelpName = "NAME" };
        var key = new Option<string?>("--key") { Description = "This key only", HelpName = "KEY" };
        var events = new Option<bool>("--events") { Description = "The events that wait behind each key, too" };
        var limit = Numbers.Option("--limit", "At most so many keys of a service", "N", 100, MostRows);
        var command = new Command("parked", "Lists keys whose events couldn't be applied and wait, in order, to be redriven or discarded.") { service, consumer, key, events, limit };
        return new Verb(command, async (context, cancellation) =>
        {
            var parsed = context.Parsed;
            var keys = new List<ParkedKey>();
            var more = false;
            foreach (var (name, url) in Asked(context, parsed.GetValue(service)))
            {
                var (found, rest) = await ParkedKey.ReadAsync(context.Client, name, url, parsed.GetValue(consumer), parsed.GetValue(key), parsed.GetValue(limit), cancellation);
                keys.AddRange(found);
                more |= rest;
            }

            var queues = parsed.GetValue(events) ? await QueuesAsync(context, keys, cancellation) : null;
            if (context.AsJson)
            {
                context.Write(new Answer(1, keys.ConvertAll(row => new Shown(row.Service, row.Consumer, row.Stream, row.Partition, row.Key, row.Events, row.Since, row.Reason, row.State, queues?.GetValueOrDefault(row))), more));
            }
            else
            {
                Draw(context.Terminal, keys, queues, more);
            }

            return ExitCode.Ok;
        });
    }

    // A replica more knows no more: they share the store.
    private static IEnumerable<(string Name, Uri Url)> Asked(VerbContext context, string? service) =>
        service is null ? context.Client.Services.DistinctBy(known => known.Name) : [(service, context.Client.UrlOf(service))];

    private static async Task<Dictionary<ParkedKey, JsonElement?>> QueuesAsync(VerbContext context, IEnumerable<ParkedKey> keys, CancellationToken cancellationToken)
    {
        var queues = new Dictionary<ParkedKey, JsonElement?>();
        foreach (var key in keys)
        {
            queues[key] = await context.Client.FindAsync(key.Service, context.Client.UrlOf(key.Service), key.Path, cancellationToken);
        }

        return queues;
    }

    private static void Draw(Terminal terminal, List<ParkedKey> keys, Dictionary<ParkedKey, JsonElement?>? queues, bool more)
    {
        if (keys.Count == 0)
        {
            terminal.Line("Nothing is parked.");
            return;
        }

        var table = new Grid().Column("consumer").Column("partition").Column("key").Column("events", number: true).Column("since").Column("state").Column("reason");
        foreach (var key in keys)
        {
            table.Row($"{key.Service}/{key.Consumer}", $"{key.Stream}-{key.Partition}", key.Key, $"{key.Events}", Moments.Shown(key.Since), new Cell(key.State, key.State == "parked" ? Tone.Warning : Tone.Plain), key.Reason);
            foreach (var item in queues?.GetValueOrDefault(key)?.List("events") ?? [])
            {
                table.Row("", "", "", "", Moments.Shown(item.Text("time")), "", $"{item.Text("type")} {item.Text("id")}");
            }
        }

        table.Draw(terminal);
        if (more)
        {
            terminal.Line();
            terminal.Line("There are more (--limit N).");
        }
    }

    private sealed record Answer(int Version, IReadOnlyList<Shown> Keys, bool More);

    private sealed record Shown(string Service, string Consumer, string Stream, int Partition, string Key, long Events, string Since, string Reason, string State, JsonElement? Queue);
}
