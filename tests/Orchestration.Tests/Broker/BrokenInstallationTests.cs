using FlowPlatform.Orchestration.Broker;

namespace FlowPlatform.Orchestration.Tests.Broker;

/// <summary>A rabbitmq-server that is there but doesn't work: what it says itself is shown.</summary>
public sealed class BrokenInstallationTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("BOOT FAILED: Error during startup: {error, {unsupported_erlang_version, 21}}")]
    [InlineData("Failed to write to /data: no space left on device (enospc)")]
    [InlineData("ERROR: could not bind to distribution port, it is in use by another node")]
    public async Task Its_last_words_are_shown(string words)
    {
        using var folder = new TemporaryFolder();
        var options = new PrivateBrokerOptions { DataDirectory = folder.File("data"), Installation = Script(folder, $"echo \"{words}\" >&2; exit 1") };
        var refused = await Should.ThrowAsync<BrokerException>(() => PrivateBroker.StartAsync(options, null, Token));
        refused.Message.ShouldContain("RabbitMQ ended while starting. Its log is in");
        refused.Message.ShouldContain(words);
    }

    [Fact]
    public async Task One_that_never_gets_ready_is_given_up_with_its_last_words()
    {
        using var folder = new TemporaryFolder();
        var options = new PrivateBrokerOptions { DataDirectory = folder.File("data"), Installation = Script(folder, "echo waiting for tables; exec sleep 600"), StartLimit = TimeSpan.FromSeconds(1) };
        var refused = await Should.ThrowAsync<BrokerException>(() => PrivateBroker.StartAsync(options, null, Token));
        refused.Message.ShouldContain("was not ready within 1 s");
        refused.Message.ShouldContain("waiting for tables");
    }

    [Fact]
    public void A_server_without_Erlang_is_told_and_one_that_is_not_there_is_not()
    {
        BrokerLocator.Describe("/usr/lib/rabbitmq/bin/rabbitmq-server", erl: null)!.ShouldContain("Erlang is not: there is no 'erl' in PATH");
        BrokerLocator.Describe(script: null, erl: null).ShouldBeNull();
    }

    private static BrokerInstallation Script(TemporaryFolder folder, string commands)
    {
        var server = Executable(folder, "rabbitmq-server", commands);
        return new BrokerInstallation(server, Executable(folder, "epmd", "exit 0"), folder.Path, LibraryPath: null);
    }

    private static string Executable(TemporaryFolder folder, string name, string commands)
    {
        var file = folder.File(name);
        File.WriteAllText(file, $"#!/bin/sh\n{commands}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        return file;
    }
}
