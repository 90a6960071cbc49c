using System.Text.Json;
using FlowPlatform.Cli;

namespace FlowPlatform.Orchestration.Tests.Cli;

/// <summary>The command <c>flow</c> against services that answer as they are told.</summary>
public sealed class FlowCliTests
{
    private const string Parked =
        """
        {"version":1,"keys":[{"consumer":"order-status","stream":"orders","partition":2,"key":"536365","events":3,"since":"2026-01-01T12:00:00Z","reason":"handler","exception":"InvalidOperationException","state":"parked"}]}
        """;

    /// <summary>No process has it: Linux ends at 4,194,304.</summary>
    private const int NoProcess = 2_000_000_001;

    [Fact]
    public async Task Help_is_what_was_reviewed()
    {
        await using var system = await FakeSystem.StartAsync();
        foreach (var verb in (string[])["", "status", "check", "parked", "redrive", "discard", "adopt", "accept-gap", "incidents", "audit", "start", "stop", "restart"])
        {
            var help = await system.RunAsync($"{verb} --help");
            help.Code.ShouldBe(ExitCode.Ok);
            help.Error.ShouldBeEmpty();
            Golden.ShouldBe($"help{(verb.Length == 0 ? "" : "-")}{verb}.txt", help.Out);
        }

        (await system.RunAsync("")).Code.ShouldBe(ExitCode.Misuse);
    }

    [Fact]
    public async Task Status_shows_services_and_consumers_and_is_well()
    {
        await using var system = await FakeSystem.StartAsync("orders", "simulator");
        system.HasConsumer("orders", "order-status", lag: 1_234);
        var run = await system.RunAsync("status");
        run.Code.ShouldBe(ExitCode.Ok);
        run.Error.ShouldBeEmpty();
        Golden.ShouldBe("status.txt", run.Out);
        run.Out.ShouldNotContain("\u001b");
        run.Out.ShouldContain("Dashboard: http://127.0.0.1:21000\n");
        (await system.RunAsync("status", colour: true)).Out.ShouldContain("\u001b[32mHealthy");
    }

    [Fact]
    public async Task Status_as_json_has_a_stable_shape()
    {
        await using var system = await FakeSystem.StartAsync("orders");
        system.HasConsumer("orders", "order-status");
        var run = await system.RunAsync("status --json");
        using var json = JsonDocument.Parse(run.Out);
        json.RootElement.EnumerateObject().Select(member => member.Name).ShouldBe(["version", "ok", "data", "pid", "dashboard", "services", "problems"]);
        json.RootElement.GetProperty("version").GetInt32().ShouldBe(1);
        json.RootElement.GetProperty("dashboard").GetString().ShouldBe("http://127.0.0.1:21000", "without what logs in");
        run.Out.ShouldNotContain("t0ken");
        var service = json.RootElement.GetProperty("services").EnumerateArray().Single();
        service.EnumerateObject().Select(member => member.Name).ShouldBe(["name", "url", "answers", "health", "reasons", "flow"]);
        service.GetProperty("flow").GetProperty("consumers")[0].GetProperty("consumer").GetString().ShouldBe("order-status");
    }

    [Fact]
    public async Task What_has_stopped_or_does_not_answer_is_a_problem()
    {
        await using var system = await FakeSystem.StartAsync("orders", "shipping", "payments");
        system.HasConsumer("orders", "order-status", state: "stopped", error: "Consumer 'order-status' misses orders-0 sequences 6 to 7.");
        system.Says("shipping", "/health", """{"status":"Unhealthy","checks":[{"name":"flow","status":"Unhealthy","reason":"dispatcher can't read orders-1: the broker is away."}]}""", 503);
        system.Says("payments", "/health", "<html>");
        var run = await system.RunAsync("status");
        run.Code.ShouldBe(ExitCode.NotOk);
        run.Out.ShouldContain("3 problems:\n");
        run.Out.ShouldContain("  orders: consumer order-status has stopped: Consumer 'order-status' misses orders-0 sequences 6 to 7.\n");
        run.Out.ShouldContain("  shipping is unhealthy: dispatcher can't read orders-1: the broker is away.\n");
        run.Out.ShouldContain("  payments answers with something that is no JSON");
        using var json = JsonDocument.Parse((await system.RunAsync("status --json")).Out);
        json.RootElement.GetProperty("ok").GetBoolean().ShouldBeFalse();
        json.RootElement.GetProperty("problems").GetArrayLength().ShouldBe(3);
    }

    [Fact]
    public async Task The_running_AppHost_is_found_from_folders_below()
    {
        await using var system = await FakeSystem.StartAsync("orders");
        system.HasConsumer("orders", "order-status");
        var below = Directory.CreateDirectory(Path.Combine(system.Folder, "src", "deep")).FullName;
        (await system.RunAsync("status", folder: below)).Code.ShouldBe(ExitCode.Ok);
        (await system.RunAsync("status --data ../../.flow/data", folder: below)).Code.ShouldBe(ExitCode.Ok);
        FakeSystem.WriteAppHost(Path.Combine(system.Folder, ".flow", "runs", "ended"), NoProcess, []);
        (await system.RunAsync("status")).Code.ShouldBe(ExitCode.Ok);
    }

    [Fact]
    public async Task Several_running_AppHosts_are_named()
    {
        await using var system = await FakeSystem.StartAsync("orders");
        var other = Path.Combine(system.Folder, ".flow", "runs", "2026");
        FakeSystem.WriteAppHost(other, Environment.ProcessId, []);
        var run = await system.RunAsync("status");
        run.Code.ShouldBe(ExitCode.Misuse);
        run.Error.ShouldContain("Several AppHosts run; say which one is meant:");
        run.Error.ShouldContain($"--data {system.Data} ");
        run.Error.ShouldContain($"--data {other} ");
    }

    [Fact]
    public async Task Without_a_running_AppHost_it_is_said_how_to_get_one()
    {
        await using var system = await FakeSystem.StartAsync("orders");
        FakeSystem.WriteAppHost(system.Data, NoProcess, []);
        var none = await system.RunAsync("status");
        none.Code.ShouldBe(ExitCode.Unreachable);
        none.Error.ShouldStartWith("No AppHost runs below ");
        (await system.RunAsync("status --data nowhere")).Error.ShouldContain("which does not exist");
        File.WriteAllText(Path.Combine(system.Data, "apphost.json"), "{");
        (await system.RunAsync("status")).Error.ShouldContain("can't be read");
    }

    [Fact]
    public async Task When_nobody_answers_the_exit_code_says_so()
    {
        await using var system = await FakeSystem.StartAsync();
        FakeSystem.WriteAppHost(system.Data, Environment.ProcessId, new() { ["orders"] = "http://127.0.0.1:9/" });
        (await system.RunAsync("status")).Code.ShouldBe(ExitCode.Unreachable);
        var check = await system.RunAsync("check");
        check.Code.ShouldBe(ExitCode.Misuse);
        check.Error.ShouldContain("There is no service 'simulator' here; there are orders.");
    }

    [Fact]
    public async Task Check_prints_what_holds_and_fails_where_something_does_not()
    {
        await using var system = await FakeSystem.StartAsync("simulator");
        system.Says("simulator", "/flow/check", """{"version":1,"ok":true,"quiet":true,"obstacles":[],"invariants":[{"name":"no hole","ok":true,"detail":"all marks at the end"}]}""");
        var good = await system.RunAsync("check --wait 5");
        (good.Code, good.Out).ShouldBe((ExitCode.Ok, "   INVARIANT DETAIL\nok no hole   all marks at the end\n\nAll 1 invariants hold.\n"));
        system.Requests.ShouldContain("POST simulator/flow/check?wait=5");

        system.Says("simulator", "/flow/check", """{"version":1,"ok":false,"quiet":true,"obstacles":[],"invariants":[{"name":"no hole","ok":false,"detail":"mark 5, last 7"}]}""");
        var bad = await system.RunAsync("check");
        bad.Code.ShouldBe(ExitCode.NotOk);
        bad.Out.ShouldContain("FAILED no hole   mark 5, last 7");
        JsonDocument.Parse((await system.RunAsync("check --json")).Out).RootElement.GetProperty("ok").GetBoolean().ShouldBeFalse();

        system.Says("simulator", "/flow/check", """{"version":1,"ok":false,"quiet":false,"obstacles":["orders: consumer order-status is at 5 of 7, stopped."],"invariants":[]}""");
        var moving = await system.RunAsync("check");
        moving.Code.ShouldBe(ExitCode.NotOk);
        moving.Out.ShouldContain("  orders: consumer order-status is at 5 of 7, stopped.\n");
    }

    [Fact]
    public async Task Parked_keys_are_listed_with_the_events_behind_them()
    {
        await using var system = await FakeSystem.StartAsync("orders", "simulator");
        (await system.RunAsync("parked")).Out.ShouldBe("Nothing is parked.\n");
        system.Says("orders", "/flow/parked", Parked);
        system.Says("orders", "/flow/parked/order-status/orders/2/536365", """{"version":1,"events":[{"id":"e1","type":"orders.placed.v1","time":"2026-01-01T11:00:00Z"}]}""");
        var run = await system.RunAsync("parked --events --consumer order-status");
        run.Code.ShouldBe(ExitCode.Ok);
        Golden.ShouldBe("parked.txt", run.Out);
        system.Requests.ShouldContain("GET orders/flow/parked?limit=100&consumer=order-status");
        using var json = JsonDocument.Parse((await system.RunAsync("parked --json")).Out);
        json.RootElement.GetProperty("keys")[0].EnumerateObject().Select(member => member.Name).ShouldBe(["service", "consumer", "stream", "partition", "key", "events", "since", "reason", "state", "queue"]);
    }

    [Fact]
    public async Task A_key_is_redriven_by_naming_consumer_and_key_alone()
    {
        await using var system = await FakeSystem.StartAsync("orders", "simulator");
        system.HasConsumer("orders", "order-status");
        system.Says("orders", "/flow/parked", Parked);
        system.Says("orders", "/flow/redrive", "{}", 202);
        var run = await system.RunAsync("redrive order-status --key 536365");
        run.Error.ShouldBeEmpty();
        run.Code.ShouldBe(ExitCode.Ok);
        run.Out.ShouldStartWith("Asked orders/order-status to redrive 3 events of key 536365.");
        system.Requests.ShouldContain("""POST orders/flow/redrive {"consumer":"order-status","stream":"orders","partition":2,"key":"536365"}""");
        await system.RunAsync("redrive order-status --all --reason 'mended in 1.2'");
        system.Requests.ShouldContain("""POST orders/flow/redrive {"consumer":"order-status","reason":"mended in 1.2"}""");
    }

    [Fact]
    public async Task What_cannot_be_undone_is_asked_first_and_never_done_where_nobody_can_answer()
    {
        await using var system = await FakeSystem.StartAsync("orders");
        system.HasConsumer("orders", "order-status");
        system.Says("orders", "/flow/parked", Parked);
        system.Says("orders", "/flow/discard", "{}", 202);
        system.Says("orders", "/flow/adopt", "{}", 202);
        system.Says("orders", "/flow/accept-gap", "{}", 202);
        foreach (var verb in (string[])["discard order-status --key 536365 --reason r", "adopt orders --reason r", "accept-gap order-status --stream orders --partition 2 --reason r"])
        {
            var piped = await system.RunAsync(verb);
            piped.Code.ShouldBe(ExitCode.Misuse, verb);
            piped.Error.ShouldContain("add --yes");
            var refused = await system.RunAsync(verb, typed: "n\n");
            refused.Code.ShouldBe(ExitCode.NotOk, verb);
            refused.Error.ShouldBe("Nothing was done.\n");
            (await system.RunAsync(verb, typed: "")).Code.ShouldBe(ExitCode.NotOk, verb);
            system.Requests.ShouldNotContain(request => request.StartsWith("POST", StringComparison.Ordinal), verb);
            (await system.RunAsync(verb, typed: "y\n")).Code.ShouldBe(ExitCode.Ok, verb);
            (await system.RunAsync($"{verb} --yes")).Code.ShouldBe(ExitCode.Ok, verb);
            system.Requests.Count(request => request.StartsWith("POST", StringComparison.Ordinal)).ShouldBe(2, verb);
            system.Requests.Clear();
        }

        (await system.RunAsync("discard order-status --key 536365 --reason r", typed: "n\n")).Out.ShouldBe("Discard 3 events of key 536365 of orders/order-status, for ever? [y/N] ");
        (await system.RunAsync("discard order-status --key 536365 --yes")).Code.ShouldBe(ExitCode.Misuse, "a discard has a reason");
    }

    [Fact]
    public async Task Refusals_have_an_exit_code_of_their_own_and_say_why()
    {
        await using var system = await FakeSystem.StartAsync("orders");
        system.HasConsumer("orders", "order-status");
        system.Says("orders", "/flow/parked", """{"version":1,"keys":[]}""");
        var unknown = await system.RunAsync("redrive order-status --key 1");
        (unknown.Code, unknown.Error).ShouldBe((ExitCode.Refused, "orders/order-status has no parked key '1'.\n"));
        system.Says("orders", "/flow/adopt", """{"title":"Conflict","detail":"The outbox has not stopped: there is nothing to adopt."}""", 409);
        var conflict = await system.RunAsync("adopt orders --reason r --yes");
        (conflict.Code, conflict.Error).ShouldBe((ExitCode.Refused, "orders refuses (409): The outbox has not stopped: there is nothing to adopt.\n"));
        system.Says("orders", "/flow/adopt", """{"detail":"reason: A reason has 1 to 500 characters."}""", 400);
        (await system.RunAsync("adopt orders --reason r --yes")).Code.ShouldBe(ExitCode.Misuse);
        system.Says("orders", "/flow/adopt", """{"detail":"The store is busy."}""", 503);
        (await system.RunAsync("adopt orders --reason r --yes")).Code.ShouldBe(ExitCode.Unreachable);
        var nobody = await system.RunAsync("redrive stock-levels --all");
        (nobody.Code, nobody.Error).ShouldBe((ExitCode.Misuse, "No service has a consumer 'stock-levels'; there are order-status (orders).\n"));
    }

    [Theory]
    [InlineData("statsu", "Unrecognized command or argument 'statsu'.")]
    [InlineData("redrive order-status", "Say which keys: either --key KEY or --all.")]
    [InlineData("redrive order-status --key 1 --all", "Say which keys: either --key KEY or --all.")]
    [InlineData("check --wait 0", "--wait is '0'; it must be a whole number from 1 to 300.")]
    [InlineData("status --timeout soon", "--timeout is 'soon'; it must be a whole number from 1 to 600.")]
    [InlineData("audit --limit 501", "--limit is '501'; it must be a whole number from 1 to 500.")]
    public async Task What_is_misspelt_is_named(string commandLine, string fault)
    {
        await using var system = await FakeSystem.StartAsync("orders");
        var run = await system.RunAsync(commandLine);
        run.Code.ShouldBe(ExitCode.Misuse);
        run.Error.ShouldContain(fault);
        run.Error.ShouldContain("--help");
        run.Out.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_audit_is_listed_newest_first()
    {
        await using var system = await FakeSystem.StartAsync("orders");
        (await system.RunAsync("audit")).Out.ShouldBe("Nothing was done.\n");
        system.Says("orders", "/flow/audit", """
            {"version":1,"entries":[
              {"at":"2026-01-01T10:00:00Z","actor":"admin","action":"redrive","reason":null,"detail":null,"consumer":"order-status","stream":"orders","partition":2,"key":"536365"},
              {"at":"2026-01-01T11:00:00Z","actor":"admin","action":"discard","reason":"a duplicate of 12","detail":"3 events","consumer":"order-status","stream":"orders","partition":2,"key":"536365"}]}
            """);
        Golden.ShouldBe("audit.txt", (await system.RunAsync("audit")).Out);
    }

    [Fact]
    public async Task Incidents_of_the_log_are_listed_newest_first()
    {
        await using var system = await FakeSystem.StartAsync("orders", "insights");
        (await system.RunAsync("incidents")).Out.ShouldBe("Nothing is known to have gone wrong with the log.\n");
        system.Says("orders", "/flow/incidents", """
            {"version":1,"incidents":[
              {"notedAt":"2026-01-01T10:00:00Z","consumer":"outbox","stream":"orders","partition":2,"mark":60,"kind":"lost-tail","detail":"The log had confirmed 60 of orders/1 and ended at 30. Sequences 31 to 60 are published again."}],"more":true}
            """);
        system.Says("insights", "/flow/incidents", """
            {"version":1,"incidents":[
              {"notedAt":"2026-01-01T11:00:00Z","consumer":"revenue","stream":"orders","partition":0,"mark":7,"kind":"gap-accepted","detail":"Sequences 6 to 7 of orders/1 are missing. Accepted by ann: gone."}],"more":false}
            """);
        var run = await system.RunAsync("incidents --limit 1");
        Golden.ShouldBe("incidents.txt", run.Out);
        system.Requests.ShouldContain("GET orders/flow/incidents?limit=1");
        using var json = JsonDocument.Parse((await system.RunAsync("incidents --json --service orders")).Out);
        json.RootElement.EnumerateObject().Select(member => member.Name).ShouldBe(["version", "incidents", "more"]);
    }

    [Fact]
    public async Task What_somebody_should_look_at_is_said_though_everything_flows()
    {
        await using var system = await FakeSystem.StartAsync("orders");
        system.HasConsumer("orders", "order-status");
        system.Says("orders", "/health", """{"status":"Degraded","checks":[{"name":"flow","status":"Degraded","reason":"order-status has parked 3 events of 1 keys, the oldest 93 s ago: `flow parked` (GET /flow/parked) shows why; redrive or discard them."}]}""");
        var run = await system.RunAsync("status");
        run.Code.ShouldBe(ExitCode.Ok);
        Golden.ShouldBe("status-degraded.txt", run.Out);
    }

    [Theory]
    [InlineData("adopt orders --reason restored --yes", "POST orders-2/flow/adopt {\"reason\":\"restored\"}", "orders goes on as orders/new. The log has 12 events that its store has not; they are not emitted again. flow status shows whether its outbox runs again.")]
    [InlineData("accept-gap order-status --stream orders --partition 1 --reason gone --yes", "POST orders-1/flow/accept-gap {\"consumer\":\"order-status\",\"stream\":\"orders\",\"partition\":1,\"reason\":\"gone\"}", "orders/order-status goes on without what orders-1 has lost. Sequences 6 to 7 are missing. flow status shows whether anything else is missing.")]
    public async Task Of_several_replicas_the_one_that_has_stopped_is_asked(string commandLine, string request, string told)
    {
        await using var system = await FakeSystem.StartAsync();
        system.HasReplicas("orders", 2);
        system.Says("orders-2", "/flow/adopt", """{"version":1,"from":"orders/old","to":"orders/new","beyond":12,"publishedAgain":0}""");
        system.Says("orders-1", "/flow/accept-gap", """{"version":1,"consumer":"order-status","stream":"orders","partition":1,"case":"Hole","from":6,"to":7,"detail":"Sequences 6 to 7 are missing."}""");
        var run = await system.RunAsync(commandLine);
        run.Error.ShouldBeEmpty();
        run.Out.ShouldBe($"{told}\n");
        system.Requests.Where(line => line.StartsWith("POST", StringComparison.Ordinal)).ShouldBe([request]);
    }

    [Fact]
    public async Task What_a_key_says_cannot_steer_the_terminal()
    {
        await using var system = await FakeSystem.StartAsync("orders");
        system.Says("orders", "/flow/parked", Parked.Replace("\"536365\"", "\"\\u001b[2J536\\n365\"", StringComparison.Ordinal));
        var run = await system.RunAsync("parked");
        run.Out.ShouldNotContain("\u001b");
        run.Out.Split('\n').Length.ShouldBe(3);
    }
}
