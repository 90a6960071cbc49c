using System.Diagnostics;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Supervision;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FlowPlatform.Orchestration.Tests.Supervision;

/// <summary><c>--without SERVICE</c>: all but one run, and that one's developer starts it.</summary>
public sealed class LeftOutTests
{
    [Fact]
    public async Task A_service_that_is_left_out_is_started_by_its_developer_in_the_place_it_has()
    {
        await using var application = new FakeApplication();
        application.Builder.Configuration["Flow:Without"] = "service";
        var secret = application.Builder.AddParameter("key", "with $HOME, `id` and \"quotes\"", secret: true);
        var service = application.AddService("service").WithEnvironment("TOLD", secret);
        application.AddService("other").WaitFor(service);
        await application.StartAsync();

        var waiting = await application.WaitAsync("service", static change => change.Snapshot.HealthStatus == HealthStatus.Unhealthy);
        waiting.Snapshot.ProcessId.ShouldBeNull();
        application.Starts("service").ShouldBeEmpty();
        await application.StateAsync("other", KnownResourceStates.Waiting);

        var file = Path.Combine(application.Data, "env", "service.env");
        PrivateFile.IsPrivate(file).ShouldBeTrue();
        using var own = Start(file, application.File("service.starts"));
        try
        {
            await application.HealthyAsync("service");
            await application.HealthyAsync("other");
            var told = await FakeApplication.VariablesAsync(service);
            told["TOLD"].ShouldBe("with $HOME, `id` and \"quotes\"");
            told["OTEL_SERVICE_NAME"].ShouldBe("service");
        }
        finally
        {
            own.Kill(entireProcessTree: true);
            await own.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await application.WaitAsync("service", static change => change.Snapshot.HealthStatus == HealthStatus.Unhealthy);
        application.Starts("service").Length.ShouldBe(1);
    }

    [Fact]
    public async Task What_is_left_out_takes_no_commands()
    {
        await using var application = new FakeApplication();
        application.Builder.Configuration["Flow:Without"] = "service";
        var service = application.AddService("service");
        await application.StartAsync();
        await application.StateAsync("service", KnownResourceStates.Running);

        var runner = application.Resources.RunnerOf(service.Resource).ShouldNotBeNull();
        (await Should.ThrowAsync<ResourceCommandException>(() => runner.RestartByCommandAsync(TestContext.Current.CancellationToken))).Fault.ShouldBe(CommandFault.NotPossible);

        application.Starts("service").ShouldBeEmpty();
        await application.StopAsync();
        (await application.StateAsync("service", KnownResourceStates.Exited)).Reason.ShouldBe("stopped");
    }

    private static Process Start(string environment, string starts) => Process.Start(new ProcessStartInfo(
        "sh", ["-c", "set -a; . \"$1\"; exec \"$2\" \"$3\" \"--starts=$4\"", "sh", environment, DotnetHost.Path, new Projects.FakeService().TargetPath, starts]))!;
}
