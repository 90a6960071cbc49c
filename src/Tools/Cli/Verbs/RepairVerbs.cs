using System.CommandLine;
using System.Text.Json;

namespace FlowPlatform.Cli;

/// <summary><c>flow adopt</c> and <c>flow accept-gap</c>: decisions about a log that is not what a store remembers.</summary>
internal static class RepairVerbs
{
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
            var answer = await context.Client.PostAsync(name, "/flow/adopt", new Dictionary<string, object> { ["reason"] = context.Parsed.GetValue(reason)! }, cancellation);
            Tell(context, "adopt", name, null, answer, $"{name} adopts the log. flow status shows whether its outbox runs again.");
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
            var answer = await context.Client.PostAsync(service, "/flow/accept-gap", body, cancellation);
            Tell(context, "accept-gap", service, of, answer, $"{service}/{of} accepts the gap in {at}-{number}. flow status shows whether it goes on.");
            return ExitCode.Ok;
        });
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
