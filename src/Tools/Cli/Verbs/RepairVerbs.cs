using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace FlowPlatform.Cli;

/// <summary><c>flow adopt</c> and <c>flow accept-gap</c>: decisions about a log that is not what a store remembers.</summary>
internal static class RepairVerbs
{
    /// <summary>What the log has beyond the store is read, however much it is.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static Verb Adopt()
    {
        var service = new Argument<string>("SERVICE") { Description = "The service whose outbox has stopped" };
        var (reason, yes) = Common();
        var command = new Command("adopt", "Lets a restored service go on publishing to a log that is ahead of its store, as a new incarnation.") { service, reason, yes };
        return new Verb(command, async (context, cancellation) =>
        {
            var name = context.Parsed.GetValue(service)!;
            context.Client.UrlOf(name);
            context.Confirm(yes, $"Let {name} adopt the log as it is, and go on as a new incarnation?");
            var owner = await OwnerAsync(context, name, static flow => flow.Find("outbox") is { } outbox && outbox.Text("state") == "stopped" ? outbox.Text("owner") : null, cancellation);
            var answer = await context.Client.PostAsync(name, owner, "/flow/adopt", new Dictionary<string, object> { ["reason"] = context.Parsed.GetValue(reason)! }, Patience, cancellation);
            Tell(context, "adopt", name, null, answer, Adopted(name, answer));
            return ExitCode.Ok;
        });
    }

    public static Verb AcceptGap()
    {
        var consumer = new Argument<string>("CONSUMER") { Description = "The consumer that has stopped at the gap" };
        var stream = new Option<string>("--stream") { Description = "The stream with the gap", HelpName = "NAME", Required = true };
        var partition = new Option<int>("--partition") { Description = "Its partition", HelpName = "N", Required = true };
        var (reason, yes) = Common();
        var owner = Consumers.Service();
        var command = new Command("accept-gap", "Lets a consumer go on behind events that the log has lost for ever. An incident is recorded.") { consumer, stream, partition, reason, yes, owner };
        return new Verb(command, async (context, cancellation) =>
        {
            var parsed = context.Parsed;
            var (of, at, number) = (parsed.GetValue(consumer)!, parsed.GetValue(stream)!, parsed.GetValue(partition));
            var service = await Consumers.ServiceOfAsync(context, of, owner, cancellation);
            context.Confirm(yes, $"Let {service}/{of} go on without the events that {at}-{number} has lost?");
            var body = new Dictionary<string, object> { ["consumer"] = of, ["stream"] = at, ["partition"] = number, ["reason"] = parsed.GetValue(reason)! };
            var holder = await OwnerAsync(
                context, service, flow => flow.List("consumers").FirstOrDefault(row => row.Text("consumer") == of && row.Text("stream") == at && row.Number("partition") == number).Text("owner"), cancellation);
            var answer = await context.Client.PostAsync(service, holder, "/flow/accept-gap", body, Patience, cancellation);
            Tell(context, "accept-gap", service, of, answer, $"{service}/{of} goes on without what {at}-{number} has lost. {Terminal.Safe(answer.Text("detail"))} flow status shows whether anything else is missing.");
            return ExitCode.Ok;
        });
    }

    /// <summary>Of several replicas, the one that has stopped with it: it knows why, and runs it again. Any of them can name it.</summary>
    private static async Task<Uri> OwnerAsync(VerbContext context, string service, Func<JsonElement, string?> ownerOf, CancellationToken cancellationToken)
    {
        if (context.Client.UrlsOf(service) is [var only])
        {
            return only;
        }

        var replicas = await ServiceStatus.AskAsync(context.Client, service, cancellationToken);
        var owner = replicas.Select(replica => replica.Flow is { } flow ? ownerOf(flow) : null).FirstOrDefault(name => !string.IsNullOrEmpty(name));
        return replicas.FirstOrDefault(replica => owner is not null && replica.Instance == owner)?.Url ?? context.Client.UrlOf(service);
    }

    private static string Adopted(string name, JsonElement answer)
    {
        var (from, to, again, beyond) = (answer.Text("from"), answer.Text("to"), answer.Number("publishedAgain"), answer.Number("beyond"));
        var what = from == to
            ? $"{name} publishes again what the log had lost: {again.ToString("N0", CultureInfo.InvariantCulture)} events."
            : $"{name} goes on as {Terminal.Safe(to)}. The log has {beyond.ToString("N0", CultureInfo.InvariantCulture)} events that its store has not; they are not emitted again.";
        return $"{what} flow status shows whether its outbox runs again.";
    }

    private static (Option<string> Reason, Option<bool> Yes) Common() => (
        new Option<string>("--reason") { Description = "Why, for the audit", HelpName = "TEXT", Required = true },
        new Option<bool>("--yes", "-y") { Description = "Don't ask" });

    private static void Tell(VerbContext context, string verb, string service, string? consumer, JsonElement answer, string text)
    {
        if (context.AsJson)
        {
            context.Write(new Answer(1, verb, service, consumer, answer));
        }
        else
        {
            context.Terminal.Line(text);
        }
    }

    private sealed record Answer(int Version, string Verb, string Service, string? Consumer, JsonElement Answered);
}
