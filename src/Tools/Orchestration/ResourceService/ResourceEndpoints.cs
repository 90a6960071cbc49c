using System.Globalization;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Supervision;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;

namespace FlowPlatform.Orchestration.ResourceService;

/// <summary>
/// <c>GET /v1/resources</c> and <c>/changes</c> below it, <c>GET /v1/resources/NAME/console</c> and <c>/changes</c> below it, <c>POST /v1/resources/NAME/commands/COMMAND</c>.
/// <c>changes</c> are server-sent events: of resources <c>resources</c> with all of them first, then <c>changed</c> with one; of a console <c>lines</c>.
/// </summary>
internal sealed class ResourceEndpoints(
    string applicationName, string instance, RunningResources running, ResourceFeed feed, ResourceDescriber describer, RunnerFactory factory, TimeProvider time, CancellationToken stopping)
{
    private const int Version = 1;
    private const int LinesAtOnce = 500;
    private const int LinesByDefault = 200;
    private const int ConsoleReadersMax = 32;

    private int consoleReaders;

    public void Map(IEndpointRouteBuilder routes)
    {
        var resources = routes.MapGroup("/v1/resources");
        resources.MapGet("", context => context.Response.WriteAsJsonAsync(List(), context.RequestAborted));
        resources.MapGet("/changes", ChangesAsync);
        resources.MapGet("/{name}/console", ConsoleAsync);
        resources.MapGet("/{name}/console/changes", FollowAsync);
        resources.MapPost("/{name}/commands/{command}", CommandAsync);
    }

    private ResourceListing List() => new(Version, instance, applicationName, [.. running.Resources.Where(ResourceDescriber.IsShown).Select(resource => Describe(resource.Name)!)]);

    /// <summary>Null if it isn't there or isn't shown.</summary>
    private ResourceDescription? Describe(string name) => running.Find(name) is { } resource && ResourceDescriber.IsShown(resource)
        ? describer.Describe(resource, running.RunnerOf(resource)) with { Replicas = [.. resource.RunningReplicas().Select(replica => describer.Describe(replica, running.RunnerOf(replica)))] }
        : null;

    private async Task ChangesAsync(HttpContext context)
    {
        using var subscription = feed.Subscribe();
        using var stream = new EventStream(context, time, stopping);
        await UntilEndAsync(stream, async () =>
        {
            await stream.SendAsync("resources", List());
            while (true)
            {
                foreach (var name in await stream.WaitAsync(subscription.NextAsync(stream.Ending)))
                {
                    if (Describe(name) is { } resource)
                    {
                        await stream.SendAsync("changed", new ResourceChange(resource.Name, resource));
                    }
                }
            }
        });
    }

    private async Task ConsoleAsync(HttpContext context)
    {
        var tail = TailOf(context);
        await context.Response.WriteAsJsonAsync(Read(tail, After(context, tail)), context.RequestAborted);
    }

    private async Task FollowAsync(HttpContext context)
    {
        var tail = TailOf(context);
        var after = After(context, tail);
        if (Interlocked.Increment(ref consoleReaders) > ConsoleReadersMax)
        {
            Interlocked.Decrement(ref consoleReaders);
            throw new TooManySubscribersException(ConsoleReadersMax);
        }
        try
        {
            using var stream = new EventStream(context, time, stopping);
            await UntilEndAsync(stream, () => FollowAsync(stream, tail, after));
        }
        finally
        {
            Interlocked.Decrement(ref consoleReaders);
        }
    }

    private async Task FollowAsync(EventStream stream, ConsoleTail tail, long after)
    {
        // At least once, so that a reader knows which AppHost answers.
        for (var first = true; ; first = false)
        {
            var read = Read(tail, after);
            if (first || read.Lines.Count > 0)
            {
                after = read.Lines.Count > 0 ? read.Lines[^1].Number : after;
                await stream.SendAsync("lines", read, after);
            }
            await stream.WaitAsync(NextAsync(tail, after, stream.Ending));
        }
    }

    private static async Task<bool> NextAsync(ConsoleTail tail, long after, CancellationToken cancellationToken)
    {
        await tail.NextAsync(after, cancellationToken);
        return true;
    }

    private ConsoleLines Read(ConsoleTail tail, long after)
    {
        var lines = tail.After(after, LinesAtOnce);
        return new ConsoleLines(instance, lines.Count > 0 ? lines[0].Number - after - 1 : 0, lines);
    }

    private ConsoleTail TailOf(HttpContext context)
    {
        var name = Find(context).Name;
        return factory.ConsoleOf(name) ?? throw new ResourceCommandException(CommandFault.NotPossible, $"{name} has no console: nothing of its own runs under that name.");
    }

    /// <summary>Where the reader has come to, if that was in this AppHost; else a little before the end.</summary>
    private long After(HttpContext context, ConsoleTail tail)
    {
        var query = context.Request.Query;
        var tailLength = query.TryGetValue("tail", out var asked) ? (int)Number("tail", asked, ConsoleTail.LinesMax) : LinesByDefault;
        var place = query.TryGetValue("after", out var after) && (!query.TryGetValue("instance", out var of) || of == instance) ? Number("after", after, long.MaxValue) : (long?)null;
        return place <= tail.Last ? place.Value : tail.BeforeLast(tailLength);
    }

    private static long Number(string name, StringValues text, long max) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= max
            ? number : throw new ResourceCommandException(CommandFault.BadRequest, $"'{name}' must be a whole number from 0 to {max}.");

    private async Task CommandAsync(HttpContext context)
    {
        var resource = Find(context);
        var command = (string)context.Request.RouteValues["command"]!;
        var request = context.Request.ContentLength is > 0 || context.Request.Headers.TransferEncoding.Count > 0
            ? await JsonSerializer.DeserializeAsync<CommandRequest>(context.Request.Body, JsonSerializerOptions.Web, context.RequestAborted) : null;
        // Who asks may leave: what was begun is brought to its end.
        await ExecuteAsync(resource, command, request?.Replicas, stopping);
        await context.Response.WriteAsJsonAsync(Describe(resource.Declared().Name), context.RequestAborted);
    }

    private Task ExecuteAsync(IResource resource, string command, int? replicas, CancellationToken cancellationToken)
    {
        var own = resource.RunningReplicas();
        var runners = (own.Count > 0 ? own : (IReadOnlyList<IResource>)[resource]).Select(running.RunnerOf).OfType<ResourceRunner>().ToArray();
        return command switch
        {
            CommandNames.SetReplicas => running.SetReplicasAsync(resource, replicas ?? throw new ResourceCommandException(CommandFault.BadRequest, "'replicas' is missing."), cancellationToken),
            CommandNames.Start or CommandNames.Stop or CommandNames.Restart when runners.Length == 0 =>
                throw new ResourceCommandException(CommandFault.NotPossible, $"{resource.Name} is not run by this AppHost: it can't be started or stopped from here."),
            CommandNames.Start => AllAsync(runners, runner => runner.StartByCommandAsync(cancellationToken)),
            CommandNames.Stop => AllAsync(runners, runner => runner.StopByCommandAsync(cancellationToken)),
            CommandNames.Restart => AllAsync(runners, runner => runner.RestartByCommandAsync(cancellationToken)),
            _ => throw new ResourceCommandException(CommandFault.UnknownCommand, $"There is no command '{command}': start, stop, restart and set-replicas are."),
        };
    }

    /// <summary>Of several replicas, those that it doesn't concern are none of the caller's faults, as long as it concerns one.</summary>
    private static async Task AllAsync(ResourceRunner[] runners, Func<ResourceRunner, Task> act)
    {
        var acts = runners.Select(act).ToArray();
        try
        {
            await Task.WhenAll(acts);
        }
        catch (ResourceCommandException fault) when (fault.Fault == CommandFault.NotNow && acts.Any(one => one.IsCompletedSuccessfully))
        {
            // Others did what was asked.
        }
    }

    private IResource Find(HttpContext context)
    {
        var name = (string)context.Request.RouteValues["name"]!;
        return running.Find(name) is { } resource && ResourceDescriber.IsShown(resource.Declared())
            ? resource : throw new ResourceCommandException(CommandFault.UnknownResource, $"There is no resource '{name}'.");
    }

    /// <summary>A stream has no end of its own.</summary>
    private static async Task UntilEndAsync(EventStream stream, Func<Task> sendAsync)
    {
        try
        {
            await stream.BeginAsync();
            await sendAsync();
        }
        catch (OperationCanceledException) when (stream.Ending.IsCancellationRequested)
        {
            // The client left, or the application stops.
        }
    }
}
