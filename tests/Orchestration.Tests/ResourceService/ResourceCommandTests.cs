using System.Net;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Tests.Supervision;

namespace FlowPlatform.Orchestration.Tests.ResourceService;

public sealed class ResourceCommandTests
{
    private static readonly (HttpStatusCode, string?) Done = (HttpStatusCode.OK, null);

    [Fact]
    public async Task A_service_is_stopped_started_and_restarted_by_command()
    {
        await using var served = new ServedApplication();
        served.Application.AddService("service");
        served.Application.AddService("other");
        await served.StartAsync();
        await served.HealthyAsync("service");
        await served.HealthyAsync("other");
        var first = served.Application.Starts("service").Single();

        (await served.CommandAsync("service", "start")).ShouldBe((HttpStatusCode.Conflict, "not-now"));
        (await served.CommandAsync("service", "stop")).ShouldBe(Done);
        ProcessIdentity.Of(first).ShouldBeNull("it has ended when the answer comes");
        var stopped = await served.DescribeAsync("service");
        (stopped.State, stopped.Reason, stopped.Health, stopped.ProcessId, stopped.ExitCode).ShouldBe(("Exited", "stopped", null, null, null));
        stopped.StoppedAt.ShouldNotBeNull();
        stopped.Commands.Where(command => command.IsEnabled).Select(command => command.Name).ShouldBe(["start"]);
        (await served.CommandAsync("service", "stop")).ShouldBe((HttpStatusCode.Conflict, "not-now"));

        (await served.CommandAsync("service", "start")).ShouldBe(Done);
        await served.HealthyAsync("service");
        (await served.CommandAsync("service", "restart")).ShouldBe(Done);
        await Eventually.HoldsAsync("it was started a third time", () => served.Application.Starts("service").Length == 3);
        var running = await served.HealthyAsync("service");
        (running.Restarts, running.ProcessId).ShouldBe((2, served.Application.Starts("service")[^1]));
        served.Application.Starts("other").Length.ShouldBe(1);
    }

    [Fact]
    public async Task What_is_to_be_started_by_command_waits_for_it_and_so_does_who_waits_for_that()
    {
        await using var served = new ServedApplication();
        var tool = served.Application.AddService("tool").WithExplicitStart();
        served.Application.AddService("user").WaitFor(tool);
        await served.StartAsync();
        var asleep = await served.DescribeAsync("tool");
        (asleep.State, asleep.Health, asleep.ProcessId).ShouldBe(("NotStarted", null, null));
        asleep.Commands.Where(command => command.IsEnabled).Select(command => command.Name).ShouldBe(["start"]);
        (await served.DescribeAsync("user")).State.ShouldBe("Waiting");
        (await served.CommandAsync("tool", "stop")).ShouldBe((HttpStatusCode.Conflict, "not-now"));

        (await served.CommandAsync("tool", "start")).ShouldBe(Done);
        await served.HealthyAsync("tool");
        await served.HealthyAsync("user");
        (served.Application.Starts("tool").Length, served.Application.Starts("user").Length).ShouldBe((1, 1));
    }

    [Fact]
    public async Task What_is_asked_of_nobody_or_is_no_command_is_named()
    {
        await using var served = new ServedApplication();
        served.Application.AddService("service");
        await served.StartAsync();
        await served.HealthyAsync("service");
        (await served.CommandAsync("nobody", "stop")).ShouldBe((HttpStatusCode.NotFound, "unknown-resource"));
        (await served.CommandAsync("otlp-key", "stop")).ShouldBe((HttpStatusCode.NotFound, "unknown-resource"));
        (await served.CommandAsync("service", "explode")).ShouldBe((HttpStatusCode.NotFound, "unknown-command"));
        (await served.CommandAsync("service", "set-replicas", 2)).ShouldBe((HttpStatusCode.UnprocessableEntity, "not-possible"));
    }

    [Fact]
    public async Task A_service_that_keeps_crashing_starts_at_once_when_it_is_asked_to()
    {
        await using var served = new ServedApplication();
        var gate = served.Application.File("gate");
        served.Application.AddService("service", $"--crash-until={gate}");
        await served.StartAsync();
        var looping = await served.UntilAsync("service", resource => resource.State == "CrashLoop");
        looping.Commands.Single(command => command.Name == "start").IsEnabled.ShouldBeTrue();
        looping.LastEnd!.ShouldContain("SIGABRT");
        await File.WriteAllTextAsync(gate, "", TestContext.Current.CancellationToken);
        (await served.CommandAsync("service", "start")).ShouldBe(Done);
        await served.HealthyAsync("service");
    }

    [Fact]
    public async Task Replicas_come_and_go_by_command_and_the_first_keeps_the_address()
    {
        await using var served = new ServedApplication();
        served.Application.Builder.Configuration["Flow:MaxReplicas:service"] = "3";
        var service = served.Application.AddService("service");
        await served.StartAsync();
        var url = (await served.HealthyAsync("service")).Endpoints.Single().Url;

        var others = service.GetEndpoint("http").WaitForOtherUrlsAsync(served.Application.Notifications, [url], TestContext.Current.CancellationToken);
        others.IsCompleted.ShouldBeFalse();
        (await served.CommandAsync("service", "set-replicas", 3)).ShouldBe(Done);
        await others;
        var three = await served.UntilAsync("service", resource => resource.Health == "Healthy" && resource.Replicas.Count == 3);
        three.Replicas.Select(replica => replica.Name).ShouldBe(["service-1", "service-2", "service-3"]);
        three.Replicas.Select(replica => replica.ProcessId).Distinct().Count().ShouldBe(3);
        three.Replicas[0].Endpoints.Single().Url.ShouldBe(url);
        service.GetEndpoint("http").AllUrls().Count.ShouldBe(3);

        (await served.CommandAsync("service-2", "stop")).ShouldBe(Done);
        (await served.UntilAsync("service", resource => resource.Health == "Unhealthy")).Reason.ShouldBe("2 of 3 replicas are ready");
        (await served.CommandAsync("service", "start")).ShouldBe(Done, "those that run are no fault of the caller's");
        await served.HealthyAsync("service");

        var fewer = service.GetEndpoint("http").WaitForOtherUrlsAsync(served.Application.Notifications, service.GetEndpoint("http").AllUrls(), TestContext.Current.CancellationToken);
        (await served.CommandAsync("service", "set-replicas", 1)).ShouldBe(Done);
        await fewer;
        var one = await served.HealthyAsync("service");
        one.Replicas.Single().Endpoints.Single().Url.ShouldBe(url);
        served.Application.Starts("service").Count(pid => ProcessIdentity.Of(pid) is not null).ShouldBe(1);
        foreach (var wrong in new int?[] { 0, 4, null })
        {
            (await served.CommandAsync("service", "set-replicas", wrong)).ShouldBe((HttpStatusCode.BadRequest, "bad-request"));
        }
        (await served.CommandAsync("service", "restart")).ShouldBe(Done);
        await served.HealthyAsync("service");
    }

    [Fact]
    public async Task The_application_stops_in_time_while_a_command_is_under_way()
    {
        await using var served = new ServedApplication();
        served.Application.AddService("deaf", "--ignore-term");
        await served.StartAsync();
        await served.HealthyAsync("deaf");
        var pid = served.Application.Starts("deaf").Single();
        var command = served.CommandAsync("deaf", "restart");
        await served.UntilAsync("deaf", resource => resource.State == "Stopping");
        await served.Application.StopAsync().WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken);
        ProcessIdentity.Of(pid).ShouldBeNull();
        served.Application.Starts("deaf").Length.ShouldBe(1, "nothing starts while the application stops");
        (await Record.ExceptionAsync(async () => (await command).Status.ShouldBe(HttpStatusCode.ServiceUnavailable)) is null or HttpRequestException).ShouldBeTrue();
    }
}
