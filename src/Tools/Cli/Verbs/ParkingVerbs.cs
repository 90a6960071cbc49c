using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace FlowPlatform.Cli;

/// <summary><c>flow redrive</c> and <c>flow discard</c>: what becomes of parked keys.</summary>
internal static class ParkingVerbs
{
    private const int MostKeys = 100_000;

    public static Verb Redrive() => Create(
        "redrive", "Applies the events behind parked keys again, in order; what succeeds is unblocked.", reasonRequired: false, confirm: null);

    public static Verb Discard() => Create(
        "discard", "Gives up the events behind parked keys, for ever: no later fold applies them. The audit keeps who, what and why.", reasonRequired: true,
        confirm: (keys, target) => $"Discard {keys.Sum(key => key.Events)} events of {(keys.Count == 1 ? $"key {keys[0].Key}" : $"{keys.Count} keys")} of {target}, for ever?");

    private static Verb Create(string name, string description, bool reasonRequired, Func<IReadOnlyList<ParkedKey>, string, string>? confirm)
    {
        var consumer = new Argument<string>("CONSUMER") { Description = "Name of the consumer, e.g. order-status" };
        var key = new Option<string?>("--key") { Description = "This key", HelpName = "KEY" };
        var stream = new Option<string?>("--stream") { Description = "Of this stream, where the key is parked in several", HelpName = "NAME" };
        var all = new Option<bool>("--all") { Description = "All parked keys of the consumer" };
        var reason = new Option<string?>("--reason") { Description = "Why, for the audit", HelpName = "TEXT", Required = reasonRequired };
        var owner = Consumers.Service();
        var yes = new Option<bool>("--yes", "-y") { Description = "Don't ask" };
        var command = new Command(name, description) { consumer, key, stream, all, reason, owner };
        if (confirm is not null)
        {
            command.Add(yes);
        }

        command.Validators.Add(result =>
        {
            if (result.GetValue(all) == result.GetValue(key) is not null)
            {
                result.AddError("Say which keys: either --key KEY or --all.");
            }
        });
        return new Verb(command, async (context, cancellation) =>
        {
            var parsed = context.Parsed;
            var of = parsed.GetValue(consumer)!;
            var service = await Consumers.ServiceOfAsync(context, of, owner, cancellation);
            var keys = await FindAsync(context, service, of, parsed.GetValue(key), parsed.GetValue(stream), cancellation);
            if (confirm is not null)
            {
                context.Confirm(yes, confirm(keys, $"{service}/{of}"));
            }

            var one = parsed.GetValue(key) is null ? null : keys[0];
            var answer = await context.Client.PostAsync(service, $"/flow/{name}", new Body(of, one?.Stream, one?.Partition, one?.Key, parsed.GetValue(reason)), cancellation);
            Tell(context, name, service, of, keys, answer);
            return ExitCode.Ok;
        });
    }

    private static async Task<IReadOnlyList<ParkedKey>> FindAsync(VerbContext context, string service, string consumer, string? key, string? stream, CancellationToken cancellationToken)
    {
        var (found, _) = await ParkedKey.ReadAsync(context.Client, service, context.Client.UrlOf(service), consumer, key, MostKeys, cancellationToken);
        List<ParkedKey> keys = [.. found.Where(row => stream is null || row.Stream == stream)];
        return keys.Count == 0 ? throw new CliException(ExitCode.Refused, key is null ? $"{service}/{consumer} has parked nothing." : $"{service}/{consumer} has no parked key '{key}'.")
            : key is not null && keys.Count > 1 ? throw new CliException(ExitCode.Misuse, $"Key '{key}' is parked in {string.Join(", ", keys.Select(row => row.Stream))}. Say which (--stream NAME).")
            : keys;
    }

    private static void Tell(VerbContext context, string verb, string service, string consumer, IReadOnlyList<ParkedKey> keys, JsonElement answer)
    {
        if (context.AsJson)
        {
            context.Write(new Answer(1, verb, service, consumer, keys.Count, answer));
            return;
        }

        context.Terminal.Line($"Asked {service}/{consumer} to {verb} {keys.Sum(key => key.Events)} events of {(keys.Count == 1 ? $"key {Terminal.Safe(keys[0].Key)}" : $"{keys.Count} keys")}. flow parked shows what is left, flow audit what came of it.");
    }

    private sealed record Answer(int Version, string Verb, string Service, string Consumer, int Keys, JsonElement Answered);

    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
    private sealed record Body(
        string Consumer,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Stream,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Partition,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Key,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason);
}
