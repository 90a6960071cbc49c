using System.Text.Json;
using FlowPlatform.Cli;

namespace FlowPlatform.Orchestration.Tests.Cli;

/// <summary><c>flow start</c>, <c>stop</c> and <c>restart</c>, against an AppHost that answers as it is told.</summary>
public sealed class ResourceVerbTests
{
    [Fact]
    public async Task A_restarted_resource_is_waited_for_until_it_is_healthy()
    {
        await using var system = await FakeSystem.StartAsync();
        system.HasResources();
        system.Says("apphost", "/v1/resources/orders/commands/restart", """{"name":"orders","state":"Waiting"}""");
        system.Says("apphost", "/v1/resources", """{"resources":[{"name":"orders","state":"Running","health":"Healthy"}]}""");
        var run = await system.RunAsync("restart orders");
        run.Code.ShouldBe(ExitCode.Ok, run.Error);
        run.Out.ShouldBe("orders is Running, Healthy\n");
        system.Requests.ShouldBe(["POST apphost/v1/resources/orders/commands/restart", "GET apphost/v1/resources"]);
    }

    [Fact]
    public async Task One_that_ends_again_is_a_failure_with_its_reason()
    {
        await using var system = await FakeSystem.StartAsync();
        system.HasResources();
        system.Says("apphost", "/v1/resources/orders/commands/start", """{"name":"orders","state":"Waiting"}""");
        system.Says("apphost", "/v1/resources", """{"resources":[{"name":"orders","state":"Exited","reason":"exit code 1"}]}""");
        var run = await system.RunAsync("start orders --json");
        run.Code.ShouldBe(ExitCode.NotOk);
        using var json = JsonDocument.Parse(run.Out);
        json.RootElement.GetProperty("ok").GetBoolean().ShouldBeFalse();
        json.RootElement.GetProperty("state").GetString().ShouldBe("Exited");
        json.RootElement.GetProperty("reason").GetString().ShouldBe("exit code 1");
    }

    [Fact]
    public async Task One_that_does_not_get_healthy_in_time_is_a_failure()
    {
        await using var system = await FakeSystem.StartAsync();
        system.HasResources();
        system.Says("apphost", "/v1/resources/orders/commands/restart", """{"name":"orders","state":"Waiting"}""");
        system.Says("apphost", "/v1/resources", """{"resources":[{"name":"orders","state":"Running","health":"Unhealthy","reason":"/health answers 503"}]}""");
        var run = await system.RunAsync("restart orders --wait 1");
        run.Code.ShouldBe(ExitCode.NotOk);
        run.Out.ShouldBe("orders is Running, Unhealthy: /health answers 503\n");
    }

    [Fact]
    public async Task A_stopped_resource_is_not_waited_for()
    {
        await using var system = await FakeSystem.StartAsync();
        system.HasResources();
        system.Says("apphost", "/v1/resources/orders/commands/stop", """{"name":"orders","state":"Exited","reason":"stopped"}""");
        var run = await system.RunAsync("stop orders");
        run.Code.ShouldBe(ExitCode.Ok, run.Error);
        run.Out.ShouldBe("orders is Exited: stopped\n");
        system.Requests.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task What_the_AppHost_refuses_is_said_with_its_words()
    {
        await using var system = await FakeSystem.StartAsync();
        system.HasResources();
        system.Says("apphost", "/v1/resources/oders/commands/stop", """{"status":404,"code":"unknown-resource","detail":"There is no resource 'oders'."}""", 404);
        var run = await system.RunAsync("stop oders");
        run.Code.ShouldBe(ExitCode.Refused);
        run.Error.ShouldContain("There is no resource 'oders'.");
    }

    [Fact]
    public async Task Without_a_resource_service_it_says_whose_task_that_is()
    {
        await using var system = await FakeSystem.StartAsync("orders");
        var run = await system.RunAsync("stop orders");
        run.Code.ShouldBe(ExitCode.Misuse);
        run.Error.ShouldContain("under Aspire, its dashboard does");
    }
}
