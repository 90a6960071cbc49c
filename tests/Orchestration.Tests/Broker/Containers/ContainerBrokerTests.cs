using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Broker.Checks;
using FlowPlatform.Orchestration.Broker.Containers;

namespace FlowPlatform.Orchestration.Tests.Broker.Containers;

/// <summary>The whole life of a container, with an engine that plays its part.</summary>
public sealed class ContainerBrokerTests(RunningBroker running) : IDisposable
{
    private readonly TemporaryFolder data = new();
    private readonly FakeEngine fake = new();
    private readonly List<string> progress = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        fake.Dispose();
        data.Dispose();
    }

    [Fact]
    public async Task A_container_is_ready_when_a_real_broker_answers_on_its_ports_and_is_removed_when_it_stops()
    {
        var real = await running.GetAsync();
        var uri = new Uri(real.AmqpUri);
        var options = Options(uri.Port, new Uri(real.StreamUri).Port) with { User = uri.UserInfo.Split(':')[0], Password = uri.UserInfo.Split(':')[1], Check = BrokerCheck.OnceAsync };
        await using (var broker = await ContainerBroker.StartAsync(options, fake.Docker, new Lines(progress), Token))
        {
            broker.Facts.Version.IsSupported.ShouldBeTrue();
            broker.Exited.IsCompleted.ShouldBeFalse();
        }
        fake.Calls.Select(call => string.Join(' ', call.Split(' ').Take(2))).ShouldBe(["image inspect", "ps --all", "run --name", "stop -t", "rm --force"]);
        fake.Calls[^1].ShouldStartWith("rm --force --volumes flowplatform-rabbitmq-");
        ContainerLayout.HoldsDatabase(data.Path).ShouldBeTrue();
    }

    [Fact]
    public async Task A_missing_image_is_pulled_once_with_progress()
    {
        fake.Play("image-inspect", errors: "Error response from daemon: No such image", code: 1);
        fake.Play("pull", "4.2.5: Pulling from library/rabbitmq\n1a2b: Pull complete\n3c4d: Pull complete\nStatus: Downloaded newer image");
        await using var broker = await ContainerBroker.StartAsync(Options(), fake.Docker, new Lines(progress), Token);
        fake.Calls.ShouldContain("pull docker.io/library/rabbitmq:4.2.5");
        progress.ShouldContain("pulling the image: 2 layers done");
    }

    [Fact]
    public async Task A_pull_that_fails_is_told_and_nothing_is_started()
    {
        fake.Play("image-inspect", code: 1);
        fake.Play("pull", errors: "Error response from daemon: Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host", code: 1);
        var message = await RefusedAsync(Options());
        message.ShouldContain("docker can't pull docker.io/library/rabbitmq:4.2.5: the image's registry can't be reached");
        fake.Calls.ShouldNotContain(call => call.StartsWith("run", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_image_of_another_architecture_is_told()
    {
        fake.Play("image-inspect", "arm64");
        (await RefusedAsync(Options())).ShouldContain("is here for arm64, but Docker 27.3.1 runs amd64. Remove it (docker image rm");
    }

    [Fact]
    public async Task A_taken_port_is_told_and_the_container_is_removed()
    {
        fake.Play("run", errors: "docker: Error response from daemon: driver failed programming external connectivity: Bind for 127.0.0.1:25001 failed: port is already allocated.", code: 125);
        (await RefusedAsync(Options(ready: false))).ShouldContain("docker can't start the broker's container: one of the broker's ports is taken");
        fake.Calls[^1].ShouldStartWith("rm --force --volumes flowplatform-rabbitmq-");
    }

    [Fact]
    public async Task A_container_that_ends_while_starting_is_told_with_its_state_and_last_words()
    {
        fake.Play("run", "BOOT FAILED: no memory for the table", code: 137);
        fake.Play("inspect", """{"Status":"exited","OOMKilled":true,"ExitCode":137,"Error":""}""");
        var message = await RefusedAsync(Options(ready: false));
        message.ShouldContain("lack of memory");
        message.ShouldContain("BOOT FAILED");
        fake.Calls[^1].ShouldStartWith("rm --force");
    }

    [Fact]
    public async Task A_broker_that_never_answers_is_given_up_and_removed()
    {
        var message = await RefusedAsync(Options(ready: false) with { StartLimit = TimeSpan.FromMilliseconds(500) });
        message.ShouldContain("was not ready within");
        message.ShouldContain("nobody there");
        fake.Calls[^1].ShouldStartWith("rm --force");
    }

    [Fact]
    public async Task A_fault_that_does_not_pass_ends_the_start_at_once()
    {
        var options = Options() with { Check = (_, _, _) => throw new BrokerException("the user is refused") };
        (await RefusedAsync(options)).ShouldBe("the user is refused");
        fake.Calls[^1].ShouldStartWith("rm --force");
    }

    [Fact]
    public async Task What_an_earlier_AppHost_left_is_removed_first()
    {
        fake.Play("ps", "0123456789ab\nfedcba987654");
        await using var broker = await ContainerBroker.StartAsync(Options(), fake.Docker, new Lines(progress), Token);
        fake.Calls.TakeWhile(call => !call.StartsWith("run", StringComparison.Ordinal)).ShouldContain("rm --force --volumes 0123456789ab fedcba987654");
    }

    [Fact]
    public async Task When_it_is_killed_the_watchdog_removes_the_container()
    {
        await using var broker = await ContainerBroker.StartAsync(Options(), fake.Docker, null, Token);
        broker.Kill();
        await Eventually.HoldsAsync("the container is removed", () => fake.Calls.Any(call => call.StartsWith("rm --force --volumes flowplatform-rabbitmq-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Another_password_than_the_datas_is_refused()
    {
        await using (await ContainerBroker.StartAsync(Options(), fake.Docker, null, Token))
        {
        }
        (await RefusedAsync(Options() with { Password = "another" })).ShouldContain("another user or password");
    }

    private ContainerBrokerOptions Options(int amqpPort = 25001, int streamPort = 25002, bool ready = true) => new()
    {
        DataDirectory = data.Path,
        User = "flow",
        Password = "hunter22hunter22",
        AmqpPort = amqpPort,
        StreamPort = streamPort,
        Check = (_, _, _) => ready
            ? Task.FromResult(new BrokerFacts(BrokerVersion.Parse("4.2.5")!, null))
            : throw new BrokerException("nobody there") { MayPass = true },
    };

    private async Task<string> RefusedAsync(ContainerBrokerOptions options) =>
        (await Should.ThrowAsync<BrokerException>(() => ContainerBroker.StartAsync(options, fake.Docker, new Lines(progress), Token))).Message;

    private sealed class Lines(List<string> lines) : IProgress<string>
    {
        public void Report(string value)
        {
            lock (lines)
            {
                lines.Add(value);
            }
        }
    }
}
