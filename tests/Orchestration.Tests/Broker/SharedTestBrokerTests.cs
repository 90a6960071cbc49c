using System.Text.Json;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Tests.Broker;

public sealed class SharedTestBrokerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_starts_the_broker_the_second_joins_and_the_owner_leaves_last()
    {
        using var temporary = new TemporaryFolder();
        var folder = temporary.File("shared");
        var first = await SharedTestBroker.AcquireAsync(folder, Token);
        var second = await SharedTestBroker.AcquireAsync(folder, Token);
        second.AmqpUri.ShouldBe(first.AmqpUri);
        second.StreamUri.ShouldBe(first.StreamUri);
        (first.IsOwner, second.IsOwner).ShouldBe((true, false));

        var leaving = first.DisposeAsync().AsTask();
        var third = await SharedTestBroker.AcquireAsync(folder, Token);
        third.AmqpUri.ShouldBe(first.AmqpUri, "the broker lives while anyone holds a lease");
        await second.DisposeAsync();
        leaving.IsCompleted.ShouldBeFalse();

        await third.DisposeAsync();
        await leaving.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, Token);
        Directory.GetDirectories(folder, "data-*").ShouldBeEmpty();
        File.Exists(Path.Combine(folder, "broker.json")).ShouldBeFalse();
    }

    [Fact]
    public async Task What_a_killed_run_left_is_ended_and_replaced()
    {
        using var temporary = new TemporaryFolder();
        var folder = temporary.File("shared");
        var data = Path.Combine(folder, "data-left");
        await using var left = await ChildProcess.StartAsync(new ChildProcessStart("sleep", ["600"]) { WorkingDirectory = "/" });
        PrivateFile.CreateFolder(folder);
        Directory.CreateDirectory(data);
        new ProcessJournal(Path.Combine(data, "processes")).Add("rabbitmq", left.Identity!);
        var owner = ProcessIdentity.Current with { Started = "before this process" };
        PrivateFile.Write(Path.Combine(folder, "broker.json"), JsonSerializer.Serialize(
            new { Owner = owner, Node = left.Identity, AmqpUri = "amqp://left", StreamUri = "rabbitmq-stream://left" }));

        await using var broker = await SharedTestBroker.AcquireAsync(folder, Token);
        broker.IsOwner.ShouldBeTrue();
        broker.AmqpUri.ShouldNotBe("amqp://left");
        left.Exited.IsCompleted.ShouldBeTrue();
        Directory.Exists(data).ShouldBeFalse();
    }
}
