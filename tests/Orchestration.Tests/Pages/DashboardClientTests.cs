using FlowPlatform.Dashboard;
using FlowPlatform.Dashboard.Resources;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Tests.ResourceService;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Orchestration.Tests.Pages;

/// <summary>What the dashboard makes of what the orchestrator tells: both are real, and so are the processes.</summary>
public sealed class DashboardClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_dashboard_sees_a_crash_and_starts_what_was_stopped()
    {
        await using var served = new ServedApplication();
        served.Application.AddService("service", "--print=hello");
        await served.StartAsync();
        await served.HealthyAsync("service");
        await using var dashboard = await StartAsync(served);
        var board = dashboard.Services.GetRequiredService<ResourceBoard>();
        var client = dashboard.Services.GetRequiredService<ResourceClient>();

        await UntilAsync(board, "service", static resource => resource is { State: "Running", Health: "Healthy", ProcessId: not null });
        Signals.Kill(served.Application.Starts("service")[0]).ShouldBeTrue();
        await UntilAsync(board, "service", static resource => resource is { Restarts: 1, Health: "Healthy", LastEnd: not null });

        await client.CommandAsync("service", "stop", null, Cancel);
        await UntilAsync(board, "service", static resource => resource.State == "Exited");
        (await Should.ThrowAsync<ResourceServiceException>(() => client.CommandAsync("service", "stop", null, Cancel))).Code.ShouldBe("not-now");
        await client.CommandAsync("service", "start", null, Cancel);
        await UntilAsync(board, "service", static resource => resource.Health == "Healthy");
        await dashboard.StopAsync(Cancel);
    }

    [Fact]
    public async Task Those_who_look_at_a_console_share_one_connection_that_ends_with_the_last_of_them()
    {
        await using var served = new ServedApplication();
        served.Application.AddService("service", "--print=hello");
        await served.StartAsync();
        await served.HealthyAsync("service");
        await using var dashboard = await StartAsync(served);
        var feeds = dashboard.Services.GetRequiredService<ConsoleFeeds>();
        var feed = feeds.Take("service");
        feeds.Take("SERVICE").ShouldBeSameAs(feed);
        await Eventually.HoldsAsync("both lines have come", () => feed.Now.Lines.Count == 2);
        (await served.CommandAsync("service", "restart")).Code.ShouldBeNull();
        await Eventually.HoldsAsync("what the new process writes has come, too", () => feed.Now.Lines.Count == 4);
        feed.Now.Lines.Select(line => line.Number).ShouldBe([1, 2, 3, 4]);
        feed.Now.Missed.ShouldBe(0);
        feeds.Return("service");
        feed.Reading.IsCompleted.ShouldBeFalse();
        feeds.Return("service");
        await feed.Reading.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Cancel);
        var nobody = feeds.Take("nobody");
        await Eventually.HoldsAsync("it is said that there is no such resource", () => nobody.Now.Fault?.Contains("nobody", StringComparison.Ordinal) == true);
        feeds.Return("nobody");
        await dashboard.StopAsync(Cancel);
    }

    [Fact]
    public async Task When_the_AppHost_is_gone_the_dashboard_says_so_and_keeps_what_it_knew()
    {
        await using var served = new ServedApplication();
        served.Application.AddService("service");
        await served.StartAsync();
        await served.HealthyAsync("service");
        await using var dashboard = await StartAsync(served);
        var board = dashboard.Services.GetRequiredService<ResourceBoard>();
        await UntilAsync(board, "service", static resource => resource.Health == "Healthy");
        await served.Application.StopAsync();
        await Eventually.HoldsAsync("the loss is told", () => board.Now.Fault is not null);
        board.Now.Find("service").ShouldNotBeNull();
        (await Should.ThrowAsync<ResourceServiceException>(() => dashboard.Services.GetRequiredService<ResourceClient>().CommandAsync("service", "start", null, Cancel))).Code.ShouldBeNull();
        await dashboard.StopAsync(Cancel);
    }

    private static Task UntilAsync(ResourceBoard board, string name, Func<ResourceState, bool> holds) =>
        Eventually.HoldsAsync($"the dashboard sees {name} as expected", () => board.Now.Find(name) is { } resource && holds(resource));

    private static async Task<WebApplication> StartAsync(ServedApplication served)
    {
        var app = DashboardApp.Build([], builder =>
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["urls"] = "http://127.0.0.1:0",
                ["FLOW_DATA"] = served.Application.File("dashboard-data"),
                ["Dashboard:Otlp:PrimaryApiKey"] = "key-of-this-test",
                ["FLOW_RESOURCE_URL"] = served.Told["FLOW_RESOURCE_URL"],
                ["FLOW_RESOURCE_KEY"] = served.Told["FLOW_RESOURCE_KEY"],
            });
            builder.Logging.ClearProviders();
        });
        await app.StartAsync(Cancel);
        return app;
    }
}
