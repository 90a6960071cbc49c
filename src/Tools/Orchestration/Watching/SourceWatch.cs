using System.ComponentModel;
using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Display;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.Orchestration.Watching;

/// <summary>
/// Builds projects when their sources change, and starts anew what came out otherwise. One build at a time; what changes meanwhile is built after it. While it is built, and when it
/// can't be, the process from before goes on. Whether a change matters is the build's to say: if it makes nothing new, nothing is started.
/// </summary>
internal sealed class SourceWatch(RunningResources running, OrchestratorSettings settings, RunnerFactory factory, ResourceView view, TimeProvider time) : IDisposable
{
    /// <summary>A scan of this repository's 643 files takes 6 ms of CPU time: two a second are 1.2 % of a core.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>A change is built when nothing more has changed for one interval, but after 5 s in any case.</summary>
    private const int SettlingScansMax = 10;

    private readonly CancellationTokenSource stopping = new();
    private readonly ProjectBuild build = new(Path.Combine(settings.DataDirectory, "watch"), time);
    private IReadOnlyList<Watched> watched = [];
    private Task watching = Task.CompletedTask;

    /// <summary>Builds that have ended.</summary>
    public int Builds { get; private set; }

    /// <summary>Before anything runs.</summary>
    /// <exception cref="IOException">What was built can't be copied.</exception>
    public void Prepare()
    {
        if (factory.Outputs is not { } outputs)
        {
            return;
        }
        outputs.Clear();
        watched = [.. running.Resources.OfType<ProjectResource>().Where(IsWatched).Select(resource => new Watched(resource, WatchedProject.Of(MetadataOf(resource)!)))];
        foreach (var project in ProjectsOf(watched))
        {
            outputs.Take(project);
        }
    }

    public void Start()
    {
        if (watched.Count > 0)
        {
            var before = Scan();
            view.Note(string.Create(CultureInfo.InvariantCulture, $"Watching {before.Count} source files: what changes is built, and started anew."));
            watching = Task.Run(() => WatchAsync(before, stopping.Token), CancellationToken.None);
        }
    }

    /// <summary>Ends a build that is under way.</summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        await watching;
    }

    public void Dispose() => stopping.Dispose();

    private async Task WatchAsync(Dictionary<string, FileStamp> before, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Interval, time, cancellationToken);
                var now = Scan();
                if (SourceScan.Changes(before, now).Count > 0)
                {
                    now = await SettleAsync(now, cancellationToken);
                    var changes = SourceScan.Changes(before, now);
                    before = now;
                    await RebuildAsync(changes, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The application stops.
        }
        catch (Exception e)
        {
            // The last resort of a task that nobody awaits until the stop.
            view.Note($"Sources are no longer watched: {e.Message}");
        }
    }

    private async Task<Dictionary<string, FileStamp>> SettleAsync(Dictionary<string, FileStamp> now, CancellationToken cancellationToken)
    {
        for (var scan = 0; scan < SettlingScansMax; scan++)
        {
            var before = now;
            await Task.Delay(Interval, time, cancellationToken);
            now = Scan();
            if (SourceScan.Changes(before, now).Count == 0)
            {
                break;
            }
        }
        return now;
    }

    private async Task RebuildAsync(IReadOnlyList<string> changes, CancellationToken cancellationToken)
    {
        var affected = watched.Where(one => changes.Any(one.Project.IsMadeOf)).ToArray();
        if (affected.Length == 0)
        {
            return;
        }
        var reason = Describe(changes);
        view.Note($"{reason}: building {string.Join(", ", affected.Select(one => one.Resource.Name))} …");
        await Task.WhenAll(Runners(affected).Select(runner => runner.TellBuildingAsync(reason)));
        var started = time.GetTimestamp();
        BuildResult result;
        try
        {
            result = await build.RunAsync(ProjectsOf(affected), changes.Any(IsOfProject), cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Win32Exception)
        {
            result = new BuildResult(false, [$"The build can't be run: {e.Message}"], []);
        }
        Builds++;
        var took = time.GetElapsedTime(started);
        watched = [.. watched.Select(one => affected.Contains(one) ? one with { Project = WatchedProject.Of(one.Project.Built) } : one)];
        var failed = affected.Where(one => result.Concerns(one.Project)).ToArray();
        await TellFailedAsync(failed, result.Errors);
        await RenewAsync([.. affected.Except(failed)], took);
    }

    private async Task TellFailedAsync(Watched[] failed, IReadOnlyList<string> errors)
    {
        if (failed.Length == 0)
        {
            return;
        }
        view.Note($"{string.Join(", ", failed.Select(one => one.Resource.Name))}: the build failed; what ran goes on.");
        foreach (var error in errors)
        {
            view.Note($"  {error}");
        }
        foreach (var runner in Runners(failed))
        {
            foreach (var error in errors)
            {
                factory.LogOf(runner.Resource)?.Add(new OutputLine($"build: {error}", IsError: true));
            }
            await runner.TellBuiltAsync($"its newest source can't be built: {errors[0]}");
        }
    }

    private async Task RenewAsync(Watched[] built, TimeSpan took)
    {
        if (built.Length == 0)
        {
            return;
        }
        HashSet<string> renewed;
        try
        {
            renewed = ProjectsOf(built).Where(factory.Outputs!.Take).Select(project => project.TargetPath).ToHashSet(StringComparer.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await TellFailedAsync(built, [$"What was built can't be copied: {e.Message}"]);
            return;
        }
        await Task.WhenAll(Runners(built).Select(runner => runner.TellBuiltAsync(fault: null)));
        var others = built.Where(one => renewed.Contains(one.Project.Built.TargetPath)).ToArray();
        if (others.Length == 0)
        {
            view.Note(string.Create(CultureInfo.InvariantCulture, $"Built in {took.TotalSeconds:0.0} s: nothing new."));
            return;
        }
        view.Note(string.Create(CultureInfo.InvariantCulture, $"Built in {took.TotalSeconds:0.0} s; starting anew: {string.Join(", ", others.Select(one => one.Resource.Name))}."));
        await Task.WhenAll(others.Select(RestartAsync));
    }

    /// <summary>Replicas one after the other, so that some are always there. What somebody has stopped stays so.</summary>
    private async Task RestartAsync(Watched one)
    {
        foreach (var runner in Runners([one]).Where(runner => runner.IsWanted))
        {
            try
            {
                await runner.RestartByCommandAsync(stopping.Token);
            }
            catch (ResourceCommandException e) when (e.Fault == CommandFault.Stopping)
            {
                return;
            }
        }
    }

    private Dictionary<string, FileStamp> Scan() => SourceScan.Take(watched.SelectMany(one => one.Project.Folders), watched.SelectMany(one => one.Project.SharedFiles()));

    private IEnumerable<ResourceRunner> Runners(IEnumerable<Watched> resources) => resources
        .SelectMany(one => one.Resource.IsReplicated() ? one.Resource.RunningReplicas() : [one.Resource])
        .Select(running.RunnerOf).OfType<ResourceRunner>();

    /// <summary>Two resources may run one project.</summary>
    private static IBuiltProjectMetadata[] ProjectsOf(IEnumerable<Watched> resources) => [.. resources.Select(one => one.Project.Built).DistinctBy(built => built.TargetPath)];

    private bool IsWatched(ProjectResource resource) =>
        ReferenceEquals(resource.Declared(), resource) && !settings.Without.Contains(resource.Name) && MetadataOf(resource) is { } built && File.Exists(built.ProjectPath);

    private static IBuiltProjectMetadata? MetadataOf(ProjectResource resource) => resource.Annotations.OfType<IBuiltProjectMetadata>().FirstOrDefault();

    private static bool IsOfProject(string file) => Path.GetExtension(file) is ".props" or ".targets" || file.EndsWith("proj", StringComparison.Ordinal);

    private static string Describe(IReadOnlyList<string> changes) => changes.Count == 1
        ? $"{Path.GetFileName(changes[0])} changed"
        : string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(changes[0])} and {changes.Count - 1} more changed");

    private sealed record Watched(ProjectResource Resource, WatchedProject Project);
}
