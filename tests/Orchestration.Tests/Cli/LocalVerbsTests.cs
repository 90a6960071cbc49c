using System.Diagnostics;
using System.Text.Json;
using FlowPlatform.Cli;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.Orchestration.Tests.Cli;

/// <summary><c>flow reset</c> and <c>flow space</c>, on directories such as an AppHost leaves.</summary>
public sealed class LocalVerbsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Data => Path.Combine(folder.Path, ".flow", "data");

    public LocalVerbsTests() => Make(Data);

    [Fact]
    public async Task Reset_names_what_it_will_delete_with_sizes_and_asks()
    {
        var no = await RunAsync("reset", typed: "n");
        no.Code.ShouldBe(ExitCode.NotOk);
        no.Error.ShouldBe("Nothing was done.\n");
        no.Out.ShouldContain($"{Data}/orders");
        no.Out.ShouldContain("3 kB");
        no.Out.ShouldContain("a service's store");
        no.Out.ShouldContain($"Delete {Data} with everything in it (8.1 kB)? [y/N] ");
        File.Exists(Path.Combine(Data, "orders", "main.db")).ShouldBeTrue();

        var yes = await RunAsync("reset", typed: "y");
        yes.Code.ShouldBe(ExitCode.Ok);
        yes.Out.ShouldEndWith("Deleted: 8.1 kB. The next start of the AppHost begins anew.\n");
        Directory.EnumerateFileSystemEntries(Path.Combine(folder.Path, ".flow")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_a_terminal_it_wants_yes_said_and_answers_programs_with_JSON()
    {
        (await RunAsync("reset")).Code.ShouldBe(ExitCode.Misuse);
        Directory.Exists(Data).ShouldBeTrue();
        using var json = JsonDocument.Parse((await RunAsync("reset --yes --json")).Out);
        json.RootElement.GetProperty("bytes").GetInt64().ShouldBe(8_100);
        json.RootElement.GetProperty("deleted").EnumerateArray().Select(part => Path.GetFileName(part.GetProperty("path").GetString())).ShouldContain("orders");
        Directory.Exists(Data).ShouldBeFalse();
    }

    [Fact]
    public async Task While_the_AppHost_runs_it_refuses_and_names_it()
    {
        using (DataDirectoryLock.Acquire(Data))
        {
            var run = await RunAsync("reset --yes");
            run.Code.ShouldBe(ExitCode.Refused);
            run.Error.ShouldBe($"The AppHost (pid {Environment.ProcessId}) runs on {Data}. Stop it, with Ctrl-C where it runs, and try again.\n");
        }

        File.Exists(Path.Combine(Data, "orders", "main.db")).ShouldBeTrue();
    }

    [Fact]
    public async Task While_a_service_runs_by_itself_it_refuses_and_names_it()
    {
        using var held = new FileStream(Path.Combine(Data, "orders", "main.lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        foreach (var command in (string[])["reset --yes", "reset --projection orders/order-status --yes"])
        {
            var run = await RunAsync(command);
            run.Code.ShouldBe(ExitCode.Refused);
            run.Error.ShouldBe($"{Data}/orders/main.lock is held by process 4712. Stop it, and try again.\n");
        }
    }

    /// <summary>What a killed AppHost has left must not have its files taken away.</summary>
    [Fact]
    public async Task While_something_is_left_of_a_killed_AppHost_it_refuses_and_names_it()
    {
        using var left = Process.Start(new ProcessStartInfo("sleep", "300")).ShouldNotBeNull();
        try
        {
            new ProcessJournal(Path.Combine(Data, "rabbitmq", "processes")).Add("rabbitmq", ProcessIdentity.Of(left.Id).ShouldNotBeNull());
            var run = await RunAsync("reset --yes");
            run.Code.ShouldBe(ExitCode.Refused);
            run.Error.ShouldBe($"rabbitmq (pid {left.Id}) of {Data} still runs, without its AppHost. Start the AppHost there once, which ends it, stop it, and try again.\n");
        }
        finally
        {
            left.Kill();
            await left.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        (await RunAsync("reset --yes")).Code.ShouldBe(ExitCode.Ok);
    }

    [Fact]
    public async Task A_directory_that_no_AppHost_made_is_refused()
    {
        var home = Directory.CreateDirectory(Path.Combine(folder.Path, "home")).FullName;
        File.WriteAllText(Path.Combine(home, "letter.txt"), "dear");
        await RefusedAsync($"reset --data {home} --yes", $"{home} is no data directory of an AppHost: it has no apphost.lock. Nothing was done.\n");
        await RefusedAsync($"reset --data {home}/none --yes", $"{home}/none does not exist. Nothing was done.\n");

        // Somebody has once run an AppHost there.
        File.WriteAllText(Path.Combine(home, "apphost.lock"), "");
        Directory.CreateDirectory(Path.Combine(home, "photos"));
        File.WriteAllText(Path.Combine(home, "photos", "cat.png"), "");
        await RefusedAsync($"reset --data {home} --yes", $"{home} has what no AppHost makes: letter.txt, photos. Take that away first. Nothing was done.\n");
        File.Exists(Path.Combine(home, "letter.txt")).ShouldBeTrue();

        var link = Path.Combine(folder.Path, "link");
        Directory.CreateSymbolicLink(link, Data);
        await RefusedAsync($"reset --data {link} --yes", $"{link} is a link to {Data}: name that. Nothing was done.\n");
        File.Exists(Path.Combine(Data, "orders", "main.db")).ShouldBeTrue();

        (await RunAsync("reset --yes", from: home)).Code.ShouldBe(ExitCode.Ok, "The nearest .flow/data above.");
        Directory.Exists(Data).ShouldBeFalse();
    }

    [Fact]
    public async Task A_link_goes_and_what_it_leads_to_stays_and_is_not_counted()
    {
        var elsewhere = Directory.CreateDirectory(Path.Combine(folder.Path, "elsewhere")).FullName;
        Write(Path.Combine(elsewhere, "big.db"), 9_000_000);
        Directory.CreateSymbolicLink(Path.Combine(Data, "rabbitmq", "mnesia"), elsewhere);
        File.CreateSymbolicLink(Path.Combine(Data, "orders", "old.db"), Path.Combine(elsewhere, "big.db"));
        (await RunAsync("space")).Out.ShouldContain("\n8.1 kB. ");
        (await RunAsync("reset --yes")).Code.ShouldBe(ExitCode.Ok);
        Directory.Exists(Data).ShouldBeFalse();
        new FileInfo(Path.Combine(elsewhere, "big.db")).Length.ShouldBe(9_000_000);
    }

    [Fact]
    public async Task What_an_interrupted_reset_has_left_goes_with_the_next_one()
    {
        var left = Path.Combine(folder.Path, ".flow", "data.deleted-17");
        Directory.CreateDirectory(left);
        Write(Path.Combine(left, "half.db"), 500);
        (await RunAsync("space")).Out.ShouldContain("left by an interrupted flow reset");
        (await RunAsync("reset --yes")).Out.ShouldContain("left by an earlier reset");
        Directory.EnumerateFileSystemEntries(Path.Combine(folder.Path, ".flow")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Ended_runs_are_deleted_and_one_that_goes_on_is_kept_and_named()
    {
        var (ended, running) = (Path.Combine(folder.Path, ".flow", "runs", "20260101"), Path.Combine(folder.Path, ".flow", "runs", "20260102"));
        Make(ended);
        Make(running);
        using (DataDirectoryLock.Acquire(running))
        {
            var run = await RunAsync("reset --runs", typed: "y");
            run.Code.ShouldBe(ExitCode.Ok);
            run.Out.ShouldContain($"The AppHost (pid {Environment.ProcessId}) runs on {running}.");
            run.Out.ShouldContain("Delete 1 ended runs (8.1 kB)? [y/N] ");
        }

        (Directory.Exists(ended), Directory.Exists(running), Directory.Exists(Data)).ShouldBe((false, true, true));
    }

    [Fact]
    public async Task Of_a_projection_only_its_generations_go()
    {
        var run = await RunAsync("reset --projection orders/order-status --yes");
        run.Code.ShouldBe(ExitCode.Ok);
        run.Out.ShouldEndWith("orders/order-status is folded anew when orders starts.\n");
        Directory.EnumerateFiles(Path.Combine(Data, "orders")).Select(Path.GetFileName).ShouldBe(["main.db", "main.lock", "main.owner"], ignoreOrder: true);
        var unknown = await RunAsync("reset --projection orders/status --yes");
        (unknown.Code, unknown.Error).ShouldBe((ExitCode.Misuse, "orders has no projection 'status' in SQLite files. It has: none.\n"));
        (await RunAsync("reset --projection stock/levels --yes")).Error.ShouldBe($"{Data} has no store of 'stock'. It has: orders.\n");
        (await RunAsync("reset --projection orders --yes")).Error.ShouldStartWith("--projection is 'orders'; it is a service and a projection");
        (await RunAsync("reset --projection orders/x --runs --yes")).Code.ShouldBe(ExitCode.Misuse);
    }

    [Fact]
    public async Task Space_shows_the_largest_first_and_what_bounds_it_while_the_AppHost_runs()
    {
        Make(Path.Combine(folder.Path, ".flow", "runs", "20260101"));
        using var held = new FileStream(Path.Combine(Data, "apphost.lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        var run = await RunAsync("space");
        run.Code.ShouldBe(ExitCode.Ok);
        Golden.ShouldBe("space.txt", run.Out);
        using var json = JsonDocument.Parse((await RunAsync("space --json")).Out);
        json.RootElement.GetProperty("bytes").GetInt64().ShouldBe(16_200);
        json.RootElement.GetProperty("parts")[0].GetProperty("path").GetString().ShouldBe("runs/20260101");
    }

    public void Dispose() => folder.Dispose();

    /// <summary>8,100 bytes.</summary>
    private static void Make(string data)
    {
        Write(Path.Combine(data, "apphost.lock"), 0);
        Write(Path.Combine(data, "endpoints.json"), 90);
        Write(Path.Combine(data, "stores"), 10);
        Write(Path.Combine(data, "orders", "main.db"), 2_000);
        Write(Path.Combine(data, "orders", "main.lock"), 0);
        Write(Path.Combine(data, "orders", "order-status.g1.db"), 900);
        Write(Path.Combine(data, "orders", "order-status.g1.db-wal"), 88);
        File.WriteAllText(Path.Combine(data, "orders", "main.owner"), "process 4712");
        Write(Path.Combine(data, "rabbitmq", "mnesia.dat"), 4_000);
        Write(Path.Combine(data, "logs", "orders.log"), 700);
        Write(Path.Combine(data, "logs", "orders.log.1"), 300);
    }

    private static void Write(string path, int bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, new byte[bytes]);
    }

    private async Task RefusedAsync(string command, string error)
    {
        var run = await RunAsync(command);
        (run.Code, run.Error).ShouldBe((ExitCode.Refused, error));
    }

    private async Task<FakeSystem.Run> RunAsync(string commandLine, string? typed = null, string? from = null)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        using var input = new StringReader(typed ?? "");
        var terminal = new Terminal { Out = output, Error = error, In = input, Interactive = typed is not null, WorkingDirectory = from ?? folder.Path };
        return new FakeSystem.Run(await FlowCli.RunAsync(commandLine.Split(' '), terminal, TestContext.Current.CancellationToken), output.ToString(), error.ToString());
    }
}
