using System.Net;
using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.Orchestration.Tests.Supervision;

public sealed class SupervisionTests
{
    [Fact]
    public async Task A_service_starts_only_when_what_it_waits_for_is_healthy()
    {
        await using var application = new FakeApplication();
        var gate = application.File("gate");
        var first = application.AddService("first", $"--healthy-when={gate}");
        application.AddService("second").WaitFor(first);
        await application.StartAsync();

        await application.WaitAsync("first", change => change.Snapshot.HealthStatus == Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Unhealthy);
        await application.StateAsync("second", KnownResourceStates.Waiting);
        application.Starts("second").ShouldBeEmpty();

        await File.WriteAllTextAsync(gate, "", TestContext.Current.CancellationToken);
        await application.HealthyAsync("second");
        application.Starts("second").Length.ShouldBe(1);
    }

    [Theory]
    [InlineData(137)]
    [InlineData(134)]
    [InlineData(2)]
    public async Task A_crashed_service_starts_again_on_the_same_address(int exitCode)
    {
        await using var application = new FakeApplication();
        var service = application.AddService("service");
        await application.StartAsync();
        await application.HealthyAsync("service");
        var url = service.GetEndpoint("http").Url;

        await FakeApplication.ExitAsync(service, exitCode);
        await Eventually.HoldsAsync("it was started a second time", () => application.Starts("service").Length == 2);
        await application.HealthyAsync("service");
        service.GetEndpoint("http").Url.ShouldBe(url);
        (await FakeApplication.VariablesAsync(service))["OTEL_SERVICE_NAME"].ShouldBe("service");
    }

    [Fact]
    public async Task A_killed_service_starts_again()
    {
        await using var application = new FakeApplication();
        application.AddService("service");
        await application.StartAsync();
        await application.HealthyAsync("service");
        Signals.Kill(application.Starts("service")[0]).ShouldBeTrue();
        await Eventually.HoldsAsync("it was started a second time", () => application.Starts("service").Length == 2);
        await application.HealthyAsync("service");
    }

    [Theory]
    [InlineData(0, "Finished")]
    [InlineData(1, "Exited")]
    public async Task An_end_with_0_or_1_is_meant_and_final(int exitCode, string state)
    {
        await using var application = new FakeApplication();
        var service = application.AddService("service");
        await application.StartAsync();
        await application.HealthyAsync("service");
        await FakeApplication.ExitAsync(service, exitCode);
        (await application.StateAsync("service", state)).ExitCode.ShouldBe(exitCode);
        application.Starts("service").Length.ShouldBe(1);
    }

    [Fact]
    public async Task A_service_that_keeps_crashing_is_in_a_crash_loop_and_recovers()
    {
        await using var application = new FakeApplication();
        var gate = application.File("gate");
        application.AddService("service", $"--crash-until={gate}");
        await application.StartAsync();
        (await application.StateAsync("service", KnownResourceStates.CrashLoop)).Reason!.ShouldContain("SIGABRT");
        application.Starts("service").Length.ShouldBeGreaterThanOrEqualTo(5);
        await File.WriteAllTextAsync(gate, "", TestContext.Current.CancellationToken);
        await application.HealthyAsync("service");
    }

    [Fact]
    public async Task A_service_that_ignores_SIGTERM_is_killed_in_time()
    {
        await using var application = new FakeApplication();
        application.AddService("deaf", "--ignore-term");
        await application.StartAsync();
        await application.HealthyAsync("deaf");
        var pid = application.Starts("deaf")[0];
        await application.StopAsync().WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken);
        ProcessIdentity.Of(pid).ShouldBeNull();
    }

    [Fact]
    public async Task A_service_that_never_gets_healthy_says_why_keeps_its_dependents_waiting_and_stops()
    {
        await using var application = new FakeApplication();
        var sick = application.AddService("sick", $"--healthy-when={application.File("never")}");
        application.AddService("second").WaitFor(sick);
        await application.StartAsync();
        var unhealthy = await application.WaitAsync("sick", static change => change.Snapshot.Reason == "/health answers 503");
        (unhealthy.Snapshot.State!.Text, unhealthy.Snapshot.HealthStatus).ShouldBe((KnownResourceStates.Running, Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Unhealthy));
        await application.StopAsync().WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken);
        (await application.StateAsync("sick", KnownResourceStates.Exited)).Reason.ShouldBe("stopped");
        application.Starts("sick").Length.ShouldBe(1);
        application.Starts("second").ShouldBeEmpty();
    }

    /// <summary>A device that is always full stands for the disk: each write fails with ENOSPC.</summary>
    [Fact]
    public async Task With_a_full_disk_a_service_goes_on_and_its_console_says_where_its_lines_are()
    {
        await using var application = new FakeApplication();
        Directory.CreateDirectory(Path.Combine(application.Data, "logs"));
        File.CreateSymbolicLink(Path.Combine(application.Data, "logs", "service.log"), "/dev/full");
        application.AddService("service", "--print=flowing");
        await application.StartAsync();
        await application.HealthyAsync("service");
        await Eventually.HoldsAsync("both lines are there", () => application.Console("service").Count(line => line.Text == "flowing") == 2);
        application.Console("service").Single(line => line.Text.StartsWith("log: ", StringComparison.Ordinal)).Text.ShouldContain("No space left on device");
    }

    [Fact]
    public async Task A_taken_port_is_named_and_dependents_fail_with_it()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        await using var application = new FakeApplication();
        var first = application.Builder.AddProject<Projects.FakeService>("first").WithHttpEndpoint(port: port);
        application.AddService("second").WaitFor(first);
        await application.StartAsync();
        (await application.StateAsync("first", KnownResourceStates.FailedToStart)).Reason!.ShouldContain($"port {port}");
        (await application.StateAsync("second", KnownResourceStates.FailedToStart)).Reason!.ShouldContain("first");
        application.Starts("second").ShouldBeEmpty();
    }

    [Fact]
    public async Task An_assembly_that_was_not_built_is_named()
    {
        await using var application = new FakeApplication();
        application.Builder.AddProject<Unbuilt>("unbuilt");
        await application.StartAsync();
        var reason = (await application.StateAsync("unbuilt", KnownResourceStates.FailedToStart)).Reason!;
        reason.ShouldContain("/nowhere/Unbuilt.dll");
        reason.ShouldContain("Build the AppHost");
    }

    [Fact]
    public async Task An_executable_that_is_missing_is_named()
    {
        var start = new ChildProcessStart("/nowhere/tool", []) { WorkingDirectory = "/" };
        (await Should.ThrowAsync<FileNotFoundException>(() => ChildProcess.StartAsync(start))).Message.ShouldContain("/nowhere/tool");
    }

    [Fact]
    public async Task Resources_that_wait_for_each_other_in_a_circle_are_refused()
    {
        await using var application = new FakeApplication();
        var first = application.AddService("first");
        var second = application.AddService("second").WaitFor(first);
        first.WaitFor(second);
        (await Should.ThrowAsync<DistributedApplicationException>(application.StartAsync)).Message.ShouldContain("first, second");
    }

    [Fact]
    public void Dependents_stop_before_what_they_wait_for()
    {
        using var folder = new TemporaryFolder();
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions());
        var broker = builder.AddProject<Unbuilt>("broker");
        var service = builder.AddProject<Unbuilt>("service").WaitFor(broker);
        var driver = builder.AddProject<Unbuilt>("driver").WaitFor(service).WaitFor(broker);
        ResourceRunner[] runners = [.. new[] { broker, service, driver }.Select(resource => new IdleRunner(resource.Resource))];
        StopOrder.Of(runners).Select(wave => wave.Single().Resource.Name).ShouldBe(["driver", "service", "broker"]);
        Array.ForEach(runners, runner => runner.Dispose());
    }

    private sealed class Unbuilt : IBuiltProjectMetadata
    {
        public string ProjectPath => "/nowhere/Unbuilt.csproj";

        public string TargetPath => "/nowhere/Unbuilt.dll";
    }

    private sealed class IdleRunner(IResource resource)
        : ResourceRunner(resource, new ResourceNotificationService(), new SecretMask(), TimeProvider.System)
    {
        protected override Task<ISupervised> StartAsync(CancellationToken cancellationToken) => throw new StartFailedException("it is never started");
    }
}
