using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Broker.Containers;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Tests.Broker.Containers;

public sealed class ContainerCommandLineTests
{
    private const string Data = "/data/rabbitmq";
    private static readonly NodeSecrets Secrets = new("flow-abc@localhost", "flow", "hunter22hunter22", "cookie");

    [Fact]
    public void The_whole_command_line()
    {
        var layout = Layout(EngineKind.Docker, rootless: false);
        layout.Key.ShouldBe("3c0c834e9ba2");
        string.Join(' ', layout.RunArguments((1000, 1001))).ShouldBe(
            "run --name flowplatform-rabbitmq-3c0c834e9ba2 --hostname localhost --label flowplatform.data=3c0c834e9ba2 --pull never --sig-proxy=false --stop-timeout 8 " +
            "--publish 127.0.0.1:25001:5672 --publish 127.0.0.1:25002:5552 --env-file /data/rabbitmq/container/environment " +
            "--volume /data/rabbitmq/container/data:/var/lib/rabbitmq:Z " +
            "--volume /data/rabbitmq/container/90-flowplatform.conf:/etc/rabbitmq/conf.d/90-flowplatform.conf:ro,Z " +
            "--volume /data/rabbitmq/container/enabled_plugins:/etc/rabbitmq/enabled_plugins:ro,Z " +
            "--log-driver none --security-opt no-new-privileges --user 1000:1001 docker.io/library/rabbitmq:4.2.5");
    }

    [Theory]
    [InlineData(EngineKind.Docker, false, 0, "")]
    [InlineData(EngineKind.Docker, true, 1000, "")]
    [InlineData(EngineKind.Podman, false, 1000, "--user 1000:1000")]
    [InlineData(EngineKind.Podman, true, 1000, "--userns keep-id --user 1000:1000")]
    internal void Files_in_the_data_directory_are_the_callers_where_that_can_be(EngineKind kind, bool rootless, uint user, string expected)
    {
        var arguments = string.Join(' ', Layout(kind, rootless).RunArguments((user, user)));
        arguments.ShouldEndWith($"no-new-privileges {(expected.Length == 0 ? "" : expected + " ")}docker.io/library/rabbitmq:4.2.5");
    }

    [Fact]
    public void Credentials_are_in_a_private_file_and_the_advertised_port_is_the_published_one()
    {
        using var folder = new TemporaryFolder();
        var layout = new ContainerLayout(folder.Path, new FakeEngineRecord().Docker, ContainerImage.Default, Secrets, 25001, 25002);
        layout.Write();
        string.Join(' ', layout.RunArguments((1000, 1000))).ShouldNotContain(Secrets.Password);
        var environment = folder.File("container/environment");
        File.ReadAllText(environment).ShouldBe("RABBITMQ_DEFAULT_USER=flow\nRABBITMQ_DEFAULT_PASS=hunter22hunter22\nRABBITMQ_NODENAME=flow-abc@localhost\n");
        PrivateFile.IsPrivate(environment).ShouldBeTrue();
        PrivateFile.IsPrivate(folder.File("container/data")).ShouldBeTrue();
        File.ReadAllText(folder.File("container/enabled_plugins")).ShouldBe("[rabbitmq_stream].\n");
        File.ReadAllText(folder.File("container/90-flowplatform.conf")).ShouldBe(
            "stream.advertised_host = 127.0.0.1\nstream.advertised_port = 25002\nstream.frame_max = 4194304\ndisk_free_limit.absolute = 209715200\nlog.console.level = warning\n");
    }

    [Fact]
    public void A_database_that_was_never_finished_is_made_anew_and_a_finished_one_is_kept()
    {
        using var folder = new TemporaryFolder();
        var layout = new ContainerLayout(folder.Path, new FakeEngineRecord().Docker, ContainerImage.Default, Secrets, 25001, 25002);
        layout.Write();
        File.WriteAllText(folder.File("container/data/half"), "");
        layout.RemoveUnfinishedDatabase();
        Directory.Exists(folder.File("container/data")).ShouldBeFalse();
        ContainerLayout.HoldsDatabase(folder.Path).ShouldBeFalse();

        layout.Write();
        File.WriteAllText(folder.File("container/data/whole"), "");
        layout.MarkDatabaseFinished();
        layout.RemoveUnfinishedDatabase();
        File.Exists(folder.File("container/data/whole")).ShouldBeTrue();
        ContainerLayout.HoldsDatabase(folder.Path).ShouldBeTrue();
    }

    [Theory]
    [InlineData("registry.example.org/mirror/rabbitmq:4.1.8-alpine")]
    [InlineData("rabbitmq@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    public void Another_image_can_be_named(string image) => ContainerImage.Choose(image).ShouldBe(image);

    [Theory]
    [InlineData("rabbitmq")]
    [InlineData("--privileged:1")]
    [InlineData("rabbitmq:4 --privileged")]
    public void What_is_no_image_is_refused(string image) => Should.Throw<BrokerException>(() => ContainerImage.Choose(image)).Message.ShouldContain("FLOW_RABBITMQ_IMAGE");

    [Fact]
    public void A_folder_with_a_colon_is_refused() => Should.Throw<BrokerException>(() => ContainerLayout.CheckDirectory("/data/a:b")).Message.ShouldContain("colon");

    [Theory]
    [InlineData("""{"Status":"exited","Running":false,"OOMKilled":true,"Dead":false,"Pid":0,"ExitCode":137,"Error":""}""", "lack of memory")]
    [InlineData("""{"Status":"exited","OOMKilled":false,"ExitCode":1,"Error":""}""", "exit code 1")]
    [InlineData("""{"Status":"created","OOMKilled":false,"ExitCode":127,"Error":"no such file"}""", "no such file")]
    public void How_a_container_ended_is_read(string json, string text) => ContainerState.Parse(json)!.Describe().ShouldContain(text);

    [Fact]
    public void No_answer_of_the_engine_is_no_state() => ContainerState.Parse("Error: no such object").ShouldBeNull();

    private static ContainerLayout Layout(EngineKind kind, bool rootless) =>
        new(Data, new ContainerEngine("/usr/bin/engine", kind, "1", "amd64", rootless), ContainerImage.Default, Secrets, 25001, 25002);

    private sealed record FakeEngineRecord
    {
        public ContainerEngine Docker { get; } = new("/usr/bin/docker", EngineKind.Docker, "27.3.1", "amd64", IsRootless: false);
    }
}
