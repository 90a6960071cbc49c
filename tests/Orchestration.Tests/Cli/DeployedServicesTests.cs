using System.Collections;
using FlowPlatform.Cli;

namespace FlowPlatform.Orchestration.Tests.Cli;

public sealed class DeployedServicesTests
{
    [Fact]
    public void Services_are_those_that_the_environment_names_with_all_their_replicas()
    {
        var found = DeployedServices.Find(new Hashtable
        {
            ["services__orders__http__0"] = "http://orders:8080",
            ["services__orders__http__1"] = "http://orders-1:8080",
            ["services__simulator__http__0"] = "http://simulator:8080",
            ["services__orders__grpc__0"] = "http://orders:9090",
            ["FLOW_ADMIN_KEY"] = "key",
            ["PATH"] = "/bin",
        }).ShouldNotBeNull();
        found.Urls.Keys.ShouldBe(["orders", "simulator"], ignoreOrder: true);
        found.Urls["orders"].ShouldBe([new Uri("http://orders:8080"), new Uri("http://orders-1:8080")]);
        found.AdminKey.ShouldBe("key");
    }

    [Fact]
    public void The_key_may_be_a_file()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "FLOW_ADMIN_KEY"), "from-file\n");
        var found = DeployedServices.Find(new Hashtable { ["services__orders__http__0"] = "http://orders:8080", ["FLOW_SECRETS"] = folder.Path, ["FLOW_ADMIN_KEY"] = "key" });
        found.ShouldNotBeNull().AdminKey.ShouldBe("from-file");
    }

    [Fact]
    public void An_environment_without_services_is_no_deployment() => DeployedServices.Find(new Hashtable { ["FLOW_ADMIN_KEY"] = "key" }).ShouldBeNull();

    [Fact]
    public void What_is_no_address_is_said() =>
        Should.Throw<CliException>(() => DeployedServices.Find(new Hashtable { ["services__orders__http__0"] = "orders" })).Message.ShouldContain("services__orders__http__0");
}
