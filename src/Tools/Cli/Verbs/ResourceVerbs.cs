using System.CommandLine;
using System.Text.Json;

namespace FlowPlatform.Cli;

/// <summary><c>flow start</c>, <c>stop</c> and <c>restart</c>: a resource of the AppHost, while all others run on.</summary>
internal static class ResourceVerbs
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>A resource that doesn't end when asked is ended by force after 8 s.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);

    public static Verb Start() => Create("start", "Starts a resource that was stopped, has ended, or waits to be started; at once if it crashed and waits for its next try.", waits: true);

    public static Verb Stop() => Create("stop", "Ends a resource in good order; it stays ended until it is started.", waits: false);

    public static Verb Restart() => Create("restart", "Ends a resource in good order and starts it, as it has been built last.", waits: true);

    private static Verb Create(string name, string description, bool waits)
    {
        var resource = new Argument<string>("RESOURCE") { Description = "Its name in the AppHost: a service, rabbitmq, dashboard …" };
        var wait = Numbers.Option("--wait", "Longest time to wait until it is healthy", "SECONDS", 60, 600);
        var command = new Command(name, description) { resource };
        if (waits)
        {
            command.Add(wait);
        }

        return new Verb(command, async (context, cancellation) =>
        {
            var of = context.Parsed.GetValue(resource)!;
            var resources = context.Host.Resources ?? throw new CliException(
                ExitCode.Misuse, "Resources are not this command's to start and stop here: where services are deployed, whoever runs them does; under Aspire, its dashboard does.");
            var state = await context.Client.ResourcesAsync(resources, HttpMethod.Post, $"/v1/resources/{Uri.EscapeDataString(of)}/commands/{name}", StopLimit, cancellation);
            if (waits)
            {
                state = await SettledAsync(context, resources, of, TimeSpan.FromSeconds(context.Parsed.GetValue(wait)), cancellation);
            }

            var isDone = !waits || IsUp(state);
            if (context.AsJson)
            {
                context.Write(new Answer(1, isDone, of, state.Text("state") ?? "", state.Text("health"), state.Text("reason")));
            }
            else
            {
                context.Terminal.Line(Sentence(of, state));
            }

            return isDone ? ExitCode.Ok : ExitCode.NotOk;
        });
    }

    /// <summary>What became of it: up, ended, or neither in time.</summary>
    private static async Task<JsonElement> SettledAsync(VerbContext context, ResourceService resources, string name, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = context.Terminal.Clock.GetTimestamp();
        while (true)
        {
            var listing = await context.Client.ResourcesAsync(resources, HttpMethod.Get, "/v1/resources", StopLimit, cancellationToken);
            var all = listing.List("resources");
            // A name may be that of one replica.
            var state = all.Concat(all.SelectMany(static one => one.List("replicas"))).FirstOrDefault(one => one.Text("name") == name);
            if (IsUp(state) || state.Text("state") is "FailedToStart" or "Exited" or "Finished" or "CrashLoop" || context.Terminal.Clock.GetElapsedTime(started) > limit)
            {
                return state;
            }

            await Task.Delay(PollInterval, context.Terminal.Clock, cancellationToken);
        }
    }

    private static bool IsUp(JsonElement state) => state.Text("state") is "Running" or "Building" && state.Text("health") is null or "Healthy" or "Degraded";

    private static string Sentence(string name, JsonElement state)
    {
        var health = state.Text("health") is { } known ? $", {known}" : "";
        var reason = state.Text("reason") is { Length: > 0 } why ? $": {Terminal.Safe(why)}" : "";
        return $"{name} is {state.Text("state") ?? "gone"}{health}{reason}";
    }

    private sealed record Answer(int Version, bool Ok, string Resource, string State, string? Health, string? Reason);
}
