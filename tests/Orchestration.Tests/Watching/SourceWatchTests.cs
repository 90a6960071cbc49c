using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Tests.Supervision;
using FlowPlatform.Orchestration.Watching;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FlowPlatform.Orchestration.Tests.Watching;

/// <summary><c>--watch</c>: real projects, real builds, real processes.</summary>
public sealed class SourceWatchTests
{
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(4);
    private static readonly HttpClient Client = new();

    [Fact]
    public async Task A_change_is_built_and_started_anew_once_and_what_can_not_be_built_goes_on()
    {
        await using var application = new FakeApplication();
        var sources = new WatchedSources(Directory.CreateDirectory(application.File("sources")).FullName);
        await sources.BuildAsync();
        application.Builder.Configuration["Flow:Watch"] = "true";
        var first = Add(application, "first", sources.First);
        var second = Add(application, "second", sources.Second);
        await application.StartAsync();
        await application.HealthyAsync("first");
        await application.HealthyAsync("second");
        (await GreetingAsync(first), await GreetingAsync(second)).ShouldBe(("one", "one"));

        // What both refer to: one build, and each starts anew once.
        var building = application.WaitAsync("first", static change => change.Snapshot.State?.Text == KnownResourceStates.Building, BuildLimit);
        sources.Change("WatchedWords/Words.cs", "\"one\"", "\"two\"");
        var told = (await building).Snapshot;
        (told.HealthStatus, told.Reason, told.ProcessId).ShouldBe((HealthStatus.Healthy, "Words.cs changed", application.Starts("first").Single()));
        await UntilStartsAsync(application, "first", 2);
        await UntilStartsAsync(application, "second", 2);
        (await GreetingAsync(first), await GreetingAsync(second), application.Watch.Builds).ShouldBe(("two", "two", 1));

        // An error in one of them: it is told, and the process from before goes on.
        sources.Change("First/Program.cs", "Words.Greeting", "Words.Greetings");
        var failed = (await application.WaitAsync("first", static change => change.Snapshot.BuildFault is not null, BuildLimit)).Snapshot;
        failed.BuildFault!.ShouldContain("error CS0117");
        (failed.IsReady, failed.State!.Text).ShouldBe((true, KnownResourceStates.Running));
        application.Console("first").ShouldContain(line => line.IsError && line.Text.Contains("Program.cs", StringComparison.Ordinal) && line.Text.Contains("CS0117", StringComparison.Ordinal));
        (await GreetingAsync(first), application.Starts("first").Length, application.Watch.Builds).ShouldBe(("two", 2, 2));

        sources.Change("First/Program.cs", "Words.Greetings", "Words.Greeting + \"!\"");
        await UntilStartsAsync(application, "first", 3);
        (await GreetingAsync(first), await GreetingAsync(second)).ShouldBe(("two!", "two"));
        (await application.WaitAsync("first", static change => change.Snapshot.IsReady)).Snapshot.BuildFault.ShouldBeNull();

        // What no assembly is made of starts nothing.
        sources.Add("First/notes.txt", "a thought");
        await Eventually.HoldsAsync("that was built, too", () => application.Watch.Builds == 4, BuildLimit);
        await application.HealthyAsync("first");
        (application.Starts("first").Length, application.Starts("second").Length).ShouldBe((3, 2));
    }

    [Fact]
    public void A_file_is_of_the_project_that_is_made_of_it()
    {
        using var folder = new TemporaryFolder();
        var project = new WatchedProject(new WatchedSources(Directory.CreateDirectory(folder.File("made")).FullName).First, [folder.File("made/First"), folder.File("made/WatchedWords")]);
        project.IsMadeOf(folder.File("made/WatchedWords/Words.cs")).ShouldBeTrue();
        project.IsMadeOf(folder.File("made/Directory.Build.props")).ShouldBeTrue();
        project.IsMadeOf(folder.File("made/Second/Program.cs")).ShouldBeFalse();
        project.IsMadeOf(folder.File("made/FirstOfAll/Program.cs")).ShouldBeFalse();
    }

    [Fact]
    public void What_builds_and_editors_write_is_no_source()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in new[] { "Program.cs", "Schema/1.sql", "bin/Debug/App.dll", "obj/App.cs", ".vs/state", "Program.cs~", ".#Program.cs", "app.log", "store.db-wal" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder.File(file))!);
            File.WriteAllText(folder.File(file), "");
        }
        var before = SourceScan.Take([folder.Path, folder.File("gone")], []);
        before.Keys.ShouldBe([folder.File("Program.cs"), folder.File("Schema/1.sql")], ignoreOrder: true);
        File.WriteAllText(folder.File("Program.cs"), "more");
        File.Delete(folder.File("Schema/1.sql"));
        SourceScan.Changes(before, SourceScan.Take([folder.Path], [])).ShouldBe([folder.File("Program.cs"), folder.File("Schema/1.sql")], ignoreOrder: true);
    }

    private static IResourceBuilder<ProjectResource> Add(FakeApplication application, string name, IBuiltProjectMetadata project)
    {
        var resource = new ProjectResource(name);
        resource.Annotations.Add(project);
        return application.Builder.AddResource(resource).WithHttpEndpoint().WithHttpHealthCheck("/health").WithArgs($"--starts={application.File(name + ".starts")}");
    }

    private static async Task UntilStartsAsync(FakeApplication application, string name, int count)
    {
        await Eventually.HoldsAsync($"{name} was started {count} times", () => application.Starts(name).Length == count, BuildLimit);
        var last = application.Starts(name)[^1];
        await application.WaitAsync(name, change => change.Snapshot.IsReady && change.Snapshot.ProcessId == last);
    }

    private static Task<string> GreetingAsync(IResourceBuilder<ProjectResource> service) => Client.GetStringAsync(new Uri(service.GetEndpoint("http").Url), TestContext.Current.CancellationToken);
}
