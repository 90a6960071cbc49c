using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Broker.Containers;

namespace FlowPlatform.Orchestration.Tests.Broker.Containers;

public sealed class ContainerEngineTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Docker_comes_before_Podman()
    {
        using var fake = new FakeEngine("docker", "podman");
        var engine = await ContainerEngine.FindAsync(fake.Find, Token);
        (engine.Kind, engine.Version, engine.Architecture, engine.IsRootless).ShouldBe((EngineKind.Docker, "27.3.1", "amd64", false));
        fake.CallsOf("podman").ShouldBeEmpty();
    }

    [Fact]
    public async Task Podman_is_taken_where_Docker_does_not_answer()
    {
        using var fake = new FakeEngine("docker", "podman");
        fake.Play("version", errors: "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?", code: 1);
        fake.Play("info", "true", command: "podman");
        var engine = await ContainerEngine.FindAsync(fake.Find, Token);
        (engine.Kind, engine.Version, engine.Architecture, engine.IsRootless).ShouldBe((EngineKind.Podman, "5.2.2", "amd64", true));
    }

    [Fact]
    public async Task A_rootless_Docker_is_recognised()
    {
        using var fake = new FakeEngine();
        fake.Play("info", """["name=seccomp,profile=builtin","name=rootless","name=cgroupns"]""");
        (await ContainerEngine.FindAsync(fake.Find, Token)).IsRootless.ShouldBeTrue();
    }

    [Fact]
    public async Task Podman_behind_the_name_docker_is_recognised()
    {
        using var fake = new FakeEngine();
        fake.Play("version", FakeEngine.PodmanVersion);
        fake.Play("info", "true");
        var engine = await ContainerEngine.FindAsync(fake.Find, Token);
        (engine.Kind, engine.IsRootless).ShouldBe((EngineKind.Podman, true));
        fake.Calls.ShouldContain("info --format {{.Host.Security.Rootless}}");
    }

    [Fact]
    public async Task Without_an_engine_both_names_are_told()
    {
        var refused = await Should.ThrowAsync<BrokerException>(() => ContainerEngine.FindAsync(_ => null, Token));
        refused.Message.ShouldContain("Neither docker nor podman is installed");
    }

    [Theory]
    [InlineData("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?", "its daemon is not running", "systemctl start docker")]
    [InlineData("permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get \"http://%2Fvar%2Frun%2Fdocker.sock/v1.47/version\": dial unix /var/run/docker.sock: connect: permission denied", "the user may not use it", "group docker")]
    [InlineData("Cannot connect to Podman. Please verify your connection to the Linux system using `podman system connection list`", "its machine is not running", "podman machine start")]
    public async Task An_engine_that_does_not_answer_is_told_with_its_cure_and_its_words(string words, string cause, string cure)
    {
        using var fake = new FakeEngine();
        fake.Play("version", errors: words, code: 1);
        var refused = await Should.ThrowAsync<BrokerException>(() => ContainerEngine.FindAsync(fake.Find, Token));
        refused.Message.ShouldStartWith("docker doesn't answer: ");
        refused.Message.ShouldContain(cause);
        refused.Message.ShouldContain(cure);
        refused.Message.ShouldContain(words);
    }

    [Theory]
    [InlineData("""{"Client":{"Version":"27.3.1","ApiVersion":"1.47"},"Server":null}""", "doesn't answer")]
    [InlineData("""{"Client":{"Version":"27.3.1","ApiVersion":"1.47"},"Server":{"Version":"27.3.1","Os":"windows","Arch":"amd64"}}""", "Switch the engine to Linux containers")]
    [InlineData("""{"Version":"1.0"}""", "neither Docker's nor Podman's")]
    [InlineData("Docker version 27.3.1, build ce12230", "neither Docker's nor Podman's")]
    [InlineData("[]", "neither Docker's nor Podman's")]
    public void A_version_that_can_not_be_used_is_told(string json, string fault) =>
        Should.Throw<BrokerException>(() => ContainerEngine.Parse("/usr/bin/docker", json)).Message.ShouldContain(fault);

    [Theory]
    [InlineData("tcp://build-host:2375")]
    [InlineData("ssh://me@build-host")]
    public void An_engine_on_another_machine_is_refused(string host)
    {
        Should.Throw<BrokerException>(() => ContainerEngine.CheckHost(host)).Message.ShouldContain("another machine");
        Should.NotThrow(() => ContainerEngine.CheckHost("unix:///run/user/1000/docker.sock"));
    }

    [Theory]
    [InlineData("Error response from daemon: manifest for rabbitmq:9.9 not found: manifest unknown", "no such image")]
    [InlineData("no matching manifest for linux/riscv64 in the manifest list entries", "architecture")]
    [InlineData("exec /usr/local/bin/docker-entrypoint.sh: exec format error", "architecture")]
    [InlineData("toomanyrequests: You have reached your pull rate limit.", "pull limit")]
    [InlineData("write /var/lib/docker/tmp/GetImageBlob1: no space left on device", "disk is full")]
    [InlineData("Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host", "registry can't be reached")]
    [InlineData("driver failed programming external connectivity: Bind for 127.0.0.1:25672 failed: port is already allocated", "ports is taken")]
    [InlineData("rootlessport listen tcp 127.0.0.1:25672: bind: address already in use", "ports is taken")]
    [InlineData("Mounts denied: The path is not shared from the host and is not known to Docker.", "not shared")]
    public void What_an_engine_says_becomes_a_cause(string words, string cause) => EngineFaults.Describe("docker", "fails", words).ShouldContain(cause);

    [Fact]
    public void What_is_unknown_is_told_in_the_engines_words() =>
        EngineFaults.Describe("podman", "can't start the container", "a\nb\n\nsomething new").ShouldBe("podman can't start the container.\n  a\n  b\n  something new");
}
