using System.Net;
using FlowPlatform.Dashboard.Controls;
using FlowPlatform.Dashboard.Resources;
using FlowPlatform.Dashboard.Tests.Support;

namespace FlowPlatform.Dashboard.Tests.Resources;

/// <summary>The pages as they come before a circuit, of resources that a test has put on the board.</summary>
public sealed class ResourcePageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Where_nobody_tells_of_resources_the_pages_say_so()
    {
        await using var dashboard = await TestDashboard.StartAsync();
        using var http = await dashboard.LogInAsync();
        (await http.GetStringAsync("/resources", Cancel)).ShouldContain("The list of resources is missing here");
        (await http.GetStringAsync("/console", Cancel)).ShouldContain("Consoles are not told here");
    }

    [Fact]
    public async Task An_address_without_its_key_is_refused_at_the_start() =>
        (await Should.ThrowAsync<DashboardSettingsException>(() => TestDashboard.StartAsync(settings: ("FLOW_RESOURCE_URL", "http://127.0.0.1:1")))).Message.ShouldContain("FLOW_RESOURCE_KEY");

    [Fact]
    public async Task The_list_shows_states_reasons_and_addresses_and_the_details_no_secret()
    {
        await using var dashboard = await TestDashboard.StartAsync(settings: [("FLOW_RESOURCE_URL", "http://127.0.0.1:1"), ("FLOW_RESOURCE_KEY", "k3y-that-nobody-may-see")]);
        using var http = await dashboard.LogInAsync();
        dashboard.Get<ResourceBoard>().Set(new ResourceListing("instance", "FlowPlatform", [
            new ResourceState { Name = "orders", Type = "Project", State = "Running", Health = "Healthy", ProcessId = 4242, StartedAt = TimeProvider.System.GetUtcNow(), Endpoints = [new("http", "http://127.0.0.1:21000")],
                Environment = [new("FLOW_ADMIN_KEY", "***", true), new("FLOW_MODE", "shop", false)], Relationships = [new("WaitFor", "rabbitmq")], Commands = [new("start", false), new("stop", true), new("restart", true)] },
            new ResourceState { Name = "payments", Type = "Project", State = "CrashLoop", StateStyle = "warning", Reason = "crashed (SIGKILL); start 6 in 10 s", LastEnd = "crashed (SIGKILL) at 2026", Commands = [new("start", true), new("stop", true), new("restart", true)] },
        ]));
        var page = WebUtility.HtmlDecode(await http.GetStringAsync("/resources?resource=orders", Cancel));
        page.ShouldContain("1 of 2 resources need a look");
        page.ShouldContain("""data-resource="orders" data-state="good" """.TrimEnd());
        page.ShouldContain("""data-resource="payments" data-state="error" """.TrimEnd());
        page.ShouldContain("crashed (SIGKILL); start 6 in 10 s");
        page.ShouldContain("http://127.0.0.1:21000");
        page.ShouldContain("FLOW_MODE");
        page.ShouldContain("4242");
        page.ShouldNotContain("k3y-that-nobody-may-see");
        page.ShouldContain("""aria-label="Stop orders" """.TrimEnd());
        page.ShouldContain("""aria-label="Start payments" """.TrimEnd());
        page.ShouldNotContain(" style=", Case.Sensitive, "the content security policy allows none");
        (await http.GetStringAsync("/console", Cancel)).ShouldContain("""<option value="payments">""");
    }

    [Theory]
    [InlineData("Running", "Healthy", null, null, DotState.Good)]
    [InlineData("Running", "Unhealthy", null, null, DotState.Error)]
    [InlineData("Running", null, null, null, DotState.Busy)]
    [InlineData("Starting", null, "info", null, DotState.Busy)]
    [InlineData("Starting", null, "warning", null, DotState.Error)]
    [InlineData("CrashLoop", null, "warning", null, DotState.Error)]
    [InlineData("FailedToStart", null, "error", null, DotState.Error)]
    [InlineData("Exited", null, "info", null, DotState.Neutral)]
    [InlineData("Exited", null, "error", 1, DotState.Error)]
    [InlineData("Something new", null, null, null, DotState.Busy)]
    public void A_state_has_a_colour(string state, string? health, string? style, int? exitCode, DotState expected) =>
        ResourceTone.Of(new ResourceState { State = state, Health = health, StateStyle = style, ExitCode = exitCode }, DateTimeOffset.UnixEpoch).Dot.ShouldBe(expected);

    [Fact]
    public void A_service_that_starts_is_no_fault_yet_unless_it_has_crashed()
    {
        var started = new ResourceState { State = "Running", Health = "Unhealthy", StartedAt = DateTimeOffset.UnixEpoch };
        ResourceTone.Of(started, DateTimeOffset.UnixEpoch.AddSeconds(3)).Dot.ShouldBe(DotState.Busy);
        ResourceTone.Of(started, DateTimeOffset.UnixEpoch.AddSeconds(60)).Dot.ShouldBe(DotState.Error);
        ResourceTone.Of(started with { LastEnd = "crashed" }, DateTimeOffset.UnixEpoch.AddSeconds(3)).Dot.ShouldBe(DotState.Error);
    }

    [Fact]
    public void The_board_keeps_what_was_told_last_while_nobody_tells()
    {
        var board = new ResourceBoard();
        var next = board.Next;
        board.Set(new ResourceListing("1", "App", [new ResourceState { Name = "a", State = "Running" }, new ResourceState { Name = "b", State = "Running", Replicas = [new ResourceState { Name = "b-1" }] }]));
        next.IsCompleted.ShouldBeTrue();
        board.Lose("gone");
        board.Now.Fault.ShouldBe("gone");
        board.Now.Resources.Count.ShouldBe(2);
        board.Set(new ResourceListing("1", "App", [.. board.Now.Resources]));
        board.Now.Fault.ShouldBeNull();
        board.Set(new ResourceChange("a", new ResourceState { Name = "a", State = "Exited" }));
        board.Set(new ResourceChange("c", new ResourceState { Name = "c" }));
        board.Now.Resources.Select(resource => resource.Name).ShouldBe(["a", "b", "c"]);
        board.Now.Find("A")!.State.ShouldBe("Exited");
        board.Now.Find("b-1").ShouldNotBeNull();
        board.Set(new ResourceChange("b", null));
        board.Now.Resources.Select(resource => resource.Name).ShouldBe(["a", "c"]);
    }
}
