using System.Diagnostics;
using Aspire.Hosting;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Tests.Supervision;

/// <summary>How an AppHost ends: in every way without leaving a process.</summary>
public sealed class AppHostLifeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kill_9_of_the_AppHost_leaves_no_process()
    {
        using var folder = new TemporaryFolder();
        await using var host = await AppHostProcess.StartAsync(folder.Path);
        var services = await host.ServicesAsync();
        services.ShouldAllBe(service => service.IsAlive);
        Signals.Kill(host.ProcessId);
        await Eventually.HoldsAsync("no service is left", () => services.All(service => !service.IsAlive));
    }

    [Fact]
    public async Task Ctrl_C_stops_everything_in_order_with_exit_code_0_and_passes_the_consoles_lines_through()
    {
        using var folder = new TemporaryFolder();
        await using var host = await AppHostProcess.StartAsync(folder.Path);
        var services = await host.ServicesAsync();
        Interrupt(host.ProcessId);
        (await ExitAsync(host)).ShouldBe(0);
        services.ShouldAllBe(service => !service.IsAlive);
        host.Output.ShouldContain("flowing");
        host.Output.ShouldContain("second  Running  http://127.0.0.1:");
        host.Output.ShouldNotContain("\u001b");
        Directory.GetFiles(folder.File("data/processes")).ShouldBeEmpty();
        File.Exists(folder.File("data/apphost.pid")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_second_Ctrl_C_kills_what_does_not_want_to_stop()
    {
        using var folder = new TemporaryFolder();
        await using var host = await AppHostProcess.StartAsync(folder.Path, launched: false, "--ignore-term");
        var services = await host.ServicesAsync();
        Interrupt(host.ProcessId);
        await Eventually.HoldsAsync("the AppHost is stopping", () => host.Output.Contains("Stopping", StringComparison.Ordinal));
        // One signal may come twice, from the terminal and from the parent: only a later one counts, so it is repeated until it does.
        await Eventually.HoldsAsync("everything is killed", () =>
        {
            Interrupt(host.ProcessId);
            return services.All(service => !service.IsAlive);
        });
        await ExitAsync(host);
    }

    [Fact]
    public async Task An_AppHost_whose_dotnet_parent_was_killed_stops_by_itself()
    {
        using var folder = new TemporaryFolder();
        await using var launcher = await AppHostProcess.StartAsync(folder.Path, launched: true);
        var services = await launcher.ServicesAsync();
        var host = launcher.Host;
        // The parent alone, not its group, of which the AppHost is a member.
        Process.GetProcessById(launcher.ProcessId).Kill();
        await Eventually.HoldsAsync("AppHost and services have ended", () => !host.IsAlive && services.All(service => !service.IsAlive));
    }

    [Fact]
    public async Task A_second_AppHost_on_the_same_data_is_refused_naming_the_first_and_harms_nothing()
    {
        using var folder = new TemporaryFolder();
        await using var host = await AppHostProcess.StartAsync(folder.Path);
        var services = await host.ServicesAsync();
        await using var second = await AppHostProcess.StartAsync(folder.Path);
        (await ExitAsync(second)).ShouldBe(1);
        second.Output.ShouldContain($"pid {host.ProcessId}");
        services.ShouldAllBe(service => service.IsAlive);
    }

    /// <summary>A device that is always full stands for the disk: each write fails with ENOSPC.</summary>
    [Fact]
    public async Task On_a_full_disk_nothing_is_started_and_the_reason_is_told()
    {
        await using var application = new FakeApplication();
        application.AddService("service");
        Directory.CreateDirectory(application.Data);
        File.CreateSymbolicLink(Path.Combine(application.Data, "apphost.pid"), "/dev/full");
        var fault = await Should.ThrowAsync<DistributedApplicationException>(application.StartAsync);
        fault.Message.ShouldStartWith($"The data directory {application.Data} can't be used: No space left on device");
        application.Starts("service").ShouldBeEmpty();
        using var held = FileLock.TryAcquire(Path.Combine(application.Data, "apphost.lock"));
        held.ShouldNotBeNull("another start, once there is space, is not refused");
    }

    [Fact]
    public async Task Two_AppHosts_run_beside_each_other()
    {
        using var one = new TemporaryFolder();
        using var two = new TemporaryFolder();
        await using var first = await AppHostProcess.StartAsync(one.Path);
        await using var second = await AppHostProcess.StartAsync(two.Path);
        (await first.ServicesAsync()).Concat(await second.ServicesAsync()).ShouldAllBe(service => service.IsAlive);
    }

    [Fact]
    public async Task What_a_killed_AppHost_left_is_ended_by_the_next_and_a_stranger_with_its_pid_is_not()
    {
        await using var application = new FakeApplication();
        application.AddService("service");
        var journal = new ProcessJournal(Path.Combine(application.Data, "processes"));
        await using var left = await SleeperAsync();
        await using var stranger = await SleeperAsync();
        journal.Add("left", left.Identity!);
        journal.Add("stranger", stranger.Identity! with { Started = "at another time" });

        await application.StartAsync();
        (await left.Exited.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Token)).ShouldBe(137);
        stranger.Exited.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task Data_that_this_process_holds_is_refused_naming_its_pid()
    {
        await using var application = new FakeApplication();
        await application.StartAsync();
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions());
        builder.Configuration["Flow:Data"] = application.Data;
        await using var second = builder.Build();
        (await Should.ThrowAsync<DistributedApplicationException>(() => second.StartAsync(Token))).Message.ShouldContain($"pid {Environment.ProcessId}");
    }

    private static Task<ChildProcess> SleeperAsync() => ChildProcess.StartAsync(new ChildProcessStart("sleep", ["600"]) { WorkingDirectory = "/" });

    private static void Interrupt(int pid)
    {
        using var kill = Process.Start("kill", ["-INT", $"{pid}"]);
        kill.WaitForExit(TimeSpan.FromSeconds(10)).ShouldBeTrue();
    }

    private static Task<int> ExitAsync(AppHostProcess host) => host.Exited.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, Token);
}
