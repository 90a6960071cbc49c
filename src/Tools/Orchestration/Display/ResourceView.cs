using System.Threading.Channels;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Supervision;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Spectre.Console;

namespace FlowPlatform.Orchestration.Display;

/// <summary>
/// The AppHost's console: what happens to resources, a table once all are ready, and the lines of one resource passed through. Writing happens on one task
/// behind a bounded queue: a terminal that takes no output never holds anybody up.
/// </summary>
internal sealed class ResourceView : IAsyncDisposable
{
    private const int QueueMax = 10_000;
    private const string TransientMark = "~ ";
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(1);

    private readonly IConsoleWriter writer;
    private readonly string title;
    private readonly IReadOnlyList<IResource> shown;
    private readonly ResourceNotificationService notifications;
    private readonly string logDirectory;
    private readonly SecretMask mask;
    private readonly Channel<Action> queue = Channel.CreateBounded<Action>(new BoundedChannelOptions(QueueMax) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly Dictionary<IResource, CustomResourceSnapshot> last = [];
    private Task writing = Task.CompletedTask;
    private bool tableShown;

    public ResourceView(
        IConsoleWriter writer, string title, IEnumerable<IResource> resources, ResourceNotificationService notifications, string logDirectory, SecretMask mask)
    {
        this.writer = writer;
        this.title = title;
        this.notifications = notifications;
        this.logDirectory = logDirectory;
        this.mask = mask;
        shown = [.. resources.Where(resource => resource is ProjectResource || IsBroker(resource))];
    }

    /// <summary>A view on the console, or, for a test, on something else.</summary>
    public static ResourceView Create(
        TextWriter? output, string title, IEnumerable<IResource> resources, ResourceNotificationService notifications, OrchestratorSettings settings, SecretMask mask)
    {
        IConsoleWriter writer = output is not null ? new PlainWriter(output) : Console.IsOutputRedirected ? new PlainWriter(Console.Out) : new TerminalWriter(AnsiConsole.Console);
        return new ResourceView(writer, title, resources, notifications, settings.LogDirectory, mask);
    }

    public void Start()
    {
        notifications.Changed += OnChanged;
        writing = WriteAsync();
    }

    /// <summary>A line about the application as a whole.</summary>
    public void Note(string text) => queue.Writer.TryWrite(() => writer.Line(mask.Apply(text), Tone.Plain));

    /// <summary>An address to open, secrets and all: this is where its reader gets it from.</summary>
    public void Link(string text, string address) => queue.Writer.TryWrite(() => writer.Link(text, address));

    /// <summary>A line of the resource that has the console; one that begins with <c>~ </c> is progress, which the next line replaces.</summary>
    public void PassThrough(string text) => queue.Writer.TryWrite(() =>
    {
        if (text.StartsWith(TransientMark, StringComparison.Ordinal))
        {
            writer.Transient(text[TransientMark.Length..]);
        }
        else
        {
            writer.Line(text, Tone.Plain);
        }
    });

    public async ValueTask DisposeAsync()
    {
        notifications.Changed -= OnChanged;
        queue.Writer.TryComplete();
        await Task.WhenAny(writing, Task.Delay(FlushLimit, TimeProvider.System));
    }

    private async Task WriteAsync()
    {
        await foreach (var write in queue.Reader.ReadAllAsync())
        {
            write();
        }
    }

    private void OnChanged(ResourceEvent change)
    {
        if (shown.Contains(change.Resource))
        {
            queue.Writer.TryWrite(() => Show(change));
        }
        else if (change.Snapshot.State?.Text == KnownResourceStates.FailedToStart && change.Snapshot.State.Style == KnownResourceStateStyles.Error)
        {
            // One that is no news while it works, like a service's database.
            queue.Writer.TryWrite(() => writer.Line(mask.Apply($"{change.Resource.Name}: failed to start: {change.Snapshot.Reason}"), Tone.Bad));
        }
    }

    private void Show(ResourceEvent change)
    {
        var before = last.GetValueOrDefault(change.Resource);
        var now = change.Snapshot;
        last[change.Resource] = now;
        if (Describe(change.Resource, before, now) is var (text, tone))
        {
            writer.Line(mask.Apply($"{change.Resource.Name}: {text}{(tone is Tone.Warning or Tone.Bad ? LogOf(change.Resource) : "")}"), tone);
        }
        if (!tableShown && last.Count == shown.Count && last.Values.All(snapshot => snapshot.IsReady || snapshot.IsTerminal || IsNotStarted(snapshot)) && last.Values.Any(snapshot => snapshot.IsReady))
        {
            tableShown = true;
            writer.Table(title, [.. shown.Select(Row)]);
            writer.Line($"Logs: {logDirectory}", Tone.Plain);
        }
    }

    /// <summary>Changes of note only: an undisturbed start is told by the table.</summary>
    private static (string Text, Tone Tone)? Describe(IResource resource, CustomResourceSnapshot? before, CustomResourceSnapshot now)
    {
        var state = now.State?.Text;
        if (state == KnownResourceStates.Starting)
        {
            return now.Reason is { } reason ? (reason, now.State?.Style == KnownResourceStateStyles.Warn ? Tone.Warning : Tone.Plain)
                : IsBroker(resource) ? ("starting …", Tone.Plain) : null;
        }
        if (state == KnownResourceStates.Running)
        {
            return now.HealthStatus == before?.HealthStatus ? null
                : now.IsReady ? ("ready " + Address(resource), Tone.Good)
                : before?.HealthStatus == HealthStatus.Healthy ? ($"unhealthy, {now.Reason}", Tone.Warning) : null;
        }
        return state == KnownResourceStates.CrashLoop ? ($"keeps crashing: {now.Reason}", Tone.Bad)
            : state == KnownResourceStates.FailedToStart ? now.State?.Style == KnownResourceStateStyles.Info ? ($"not started, {now.Reason}", Tone.Plain) : ($"failed to start: {now.Reason}", Tone.Bad)
            : state == KnownResourceStates.Finished ? ($"finished ({now.Reason})", Tone.Good)
            : state == KnownResourceStates.Exited && now.ExitCode is not null ? ($"ended ({now.Reason})", Tone.Bad)
            : null;
    }

    /// <summary>Where more is to be read, if anything was written.</summary>
    private string LogOf(IResource resource)
    {
        var file = new FileInfo(Path.Combine(logDirectory, resource.Name + ".log"));
        return file.Exists && file.Length > 0 ? $" (log: {file.FullName})" : "";
    }

    /// <summary>Nobody has asked for it yet.</summary>
    private static bool IsNotStarted(CustomResourceSnapshot snapshot) => snapshot.State?.Text == KnownResourceStates.NotStarted;

    private static bool IsBroker(IResource resource) => resource is ContainerResource || resource.Annotations.OfType<ExternalBrokerAnnotation>().Any();

    private ResourceRow Row(IResource resource)
    {
        var snapshot = last[resource];
        return new ResourceRow(resource.Name, snapshot.State?.Text ?? "", snapshot.IsReady ? Tone.Good : IsNotStarted(snapshot) ? Tone.Plain : Tone.Bad, Address(resource));
    }

    /// <summary>For browsers, if there are such; else all.</summary>
    private static string Address(IResource resource)
    {
        var all = resource.Annotations.OfType<EndpointAnnotation>().ToArray();
        var pages = Array.FindAll(all, endpoint => endpoint.UriScheme is "http" or "https");
        return string.Join(' ', (pages.Length > 0 ? pages : all).Select(endpoint => endpoint.Url));
    }
}
