using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Tests.Supervision;

public sealed class ReplicaTests
{
    [Fact]
    public async Task Replicas_have_ports_and_instance_ids_of_their_own_and_who_refers_to_them_gets_all_addresses()
    {
        await using var application = new FakeApplication();
        var orders = application.AddService("orders").WithReplicas(3);
        var client = application.AddService("client").WithReference(orders).WaitFor(orders);
        await application.StartAsync();
        await application.HealthyAsync("client");
        await application.HealthyAsync("orders");

        var variables = await FakeApplication.VariablesAsync(client);
        var urls = Enumerable.Range(0, 3).Select(index => variables[$"services__orders__http__{index}"]).ToList();
        urls.Distinct().Count().ShouldBe(3);
        variables.ShouldNotContainKey("services__orders__http__3");
        variables["ORDERS_HTTP"].ShouldBe(urls[0]);
        orders.GetEndpoint("http").Url.ShouldBe(urls[0]);

        List<Dictionary<string, string>> replicas = [];
        foreach (var url in urls)
        {
            replicas.Add(await FakeApplication.VariablesAsync(url));
        }
        replicas.ShouldAllBe(replica => replica["OTEL_SERVICE_NAME"] == "orders");
        replicas.Select(replica => replica["OTEL_RESOURCE_ATTRIBUTES"]).Distinct().Count().ShouldBe(3);
        replicas.Select(replica => replica["ASPNETCORE_URLS"]).ShouldBe(urls);
    }

    [Fact]
    public async Task One_that_crashes_is_started_again_alone_and_the_resource_is_as_ready_as_all_of_them()
    {
        await using var application = new FakeApplication();
        var orders = application.AddService("orders").WithReplicas(2);
        await application.StartAsync();
        await application.HealthyAsync("orders");
        var before = application.Starts("orders");
        before.Length.ShouldBe(2);

        var unready = application.WaitAsync("orders", change => !change.Snapshot.IsReady);
        await FakeApplication.ExitAsync(orders, 134);
        await unready;
        await application.HealthyAsync("orders");

        var after = application.Starts("orders");
        after.Length.ShouldBe(3);
        before.Count(pid => ProcessIdentity.Of(pid) is not null).ShouldBe(1);
        (await application.StateAsync("orders-2", KnownResourceStates.Running)).IsReady.ShouldBeTrue();
    }

    [Fact]
    public void Replicas_cannot_share_a_port_nor_take_another_resources_name()
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions());
        builder.AddProject<Projects.FakeService>("fixed").WithHttpEndpoint(port: 5005).WithReplicas(2);
        Should.Throw<DistributedApplicationException>(builder.Build).Message.ShouldContain("can't share its port 5005");

        var other = DistributedApplication.CreateBuilder(new DistributedApplicationOptions());
        other.AddProject<Projects.FakeService>("orders").WithHttpEndpoint().WithReplicas(2);
        other.AddProject<Projects.FakeService>("orders-2").WithHttpEndpoint();
        Should.Throw<DistributedApplicationException>(other.Build).Message.ShouldContain("'orders-2'");
    }
}
