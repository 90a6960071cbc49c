using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Display;
using FlowPlatform.Orchestration.Supervision;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Spectre.Console;

namespace FlowPlatform.Orchestration.Tests.Display;

public sealed class ResourceViewTests
{
    [Fact]
    public async Task The_table_comes_once_when_all_are_ready_and_lines_pass_through()
    {
        using var logs = new TemporaryFolder();
        await File.WriteAllTextAsync(logs.File("orders.log"), "crashed\n", TestContext.Current.CancellationToken);
        var output = new StringWriter();
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions());
        IResource[] resources = [builder.AddProject<Projects.FakeService>("orders").Resource, builder.AddProject<Projects.FakeService>("simulator").Resource];
        var notifications = new ResourceNotificationService();
        var mask = new SecretMask();
        mask.Add("hunter22");
        var view = new ResourceView(new PlainWriter(output), "Title", resources, notifications, logs.Path, mask);
        view.Start();
        foreach (var resource in resources)
        {
            output.ToString().ShouldNotContain("Title");
            await notifications.PublishUpdateAsync(resource, Ready);
        }
        view.PassThrough("12 orders");
        view.PassThrough("~ 40 %");
        await notifications.PublishUpdateAsync(resources[0], snapshot => snapshot with
        {
            State = new ResourceStateSnapshot("Starting", KnownResourceStateStyles.Warn),
            HealthStatus = null,
            Reason = "crashed with hunter22",
        });
        await notifications.PublishUpdateAsync(resources[0], Ready);
        await view.DisposeAsync();

        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd()).ToArray();
        lines.ShouldBe(
        [
            "orders: ready", "simulator: ready", "Title", "  orders     Running", "  simulator  Running", $"Logs: {logs.Path}",
            "12 orders", "40 %", $"orders: crashed with *** (log: {logs.File("orders.log")})", "orders: ready",
        ]);
    }

    [Fact]
    public async Task A_fault_is_told_where_it_is_and_dependents_are_told_as_not_started()
    {
        using var logs = new TemporaryFolder();
        var output = new StringWriter();
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions());
        IResource[] resources = [builder.AddRabbitMQ("rabbitmq").Resource, builder.AddProject<Projects.FakeService>("orders").Resource];
        var notifications = new ResourceNotificationService();
        var view = new ResourceView(new PlainWriter(output), "Title", resources, notifications, logs.Path, new SecretMask());
        view.Start();
        await notifications.PublishUpdateAsync(resources[0], snapshot => Failed(snapshot, KnownResourceStateStyles.Error, "no engine"));
        await notifications.PublishUpdateAsync(resources[1], snapshot => Failed(snapshot, KnownResourceStateStyles.Info, "it needs rabbitmq, which is FailedToStart"));
        await view.DisposeAsync();
        output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd())
            .ShouldBe(["rabbitmq: failed to start: no engine", "orders: not started, it needs rabbitmq, which is FailedToStart"]);

        static CustomResourceSnapshot Failed(CustomResourceSnapshot snapshot, string style, string reason) =>
            snapshot with { State = new ResourceStateSnapshot(KnownResourceStates.FailedToStart, style), Reason = reason };
    }

    [Fact]
    public void In_a_terminal_progress_is_redrawn_in_place()
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(output) });
        var writer = new TerminalWriter(console);
        writer.Transient("10 %");
        writer.Transient("20 %");
        writer.Line("done", Tone.Plain);
        output.ToString().ShouldBe("10 %\r\u001b[K20 %\r\u001b[Kdone" + Environment.NewLine);
    }

    private static CustomResourceSnapshot Ready(CustomResourceSnapshot snapshot) => snapshot with
    {
        State = new ResourceStateSnapshot(KnownResourceStates.Running, KnownResourceStateStyles.Success),
        HealthStatus = HealthStatus.Healthy,
        Reason = null,
    };
}
