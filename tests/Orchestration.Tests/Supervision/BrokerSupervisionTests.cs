using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Tests.Supervision;

public sealed class BrokerSupervisionTests
{
    [Fact]
    public async Task A_killed_broker_starts_again_on_its_ports_and_services_get_its_address_and_parts()
    {
        await using var application = new FakeApplication();
        var user = application.Builder.AddParameter("user", "flow");
        var rabbitmq = application.Builder.AddRabbitMQ("rabbitmq", user).WithEndpoint(targetPort: 5552, scheme: "rabbitmq-stream", name: "stream", isProxied: false);
        var service = application.AddService("service").WithReference(rabbitmq).WaitFor(rabbitmq);
        await application.StartAsync();
        await application.HealthyAsync("service");
        var amqp = rabbitmq.GetEndpoint("tcp").Port;
        var stream = rabbitmq.GetEndpoint("stream").Port;

        var variables = await FakeApplication.VariablesAsync(service);
        variables["ConnectionStrings__rabbitmq"].ShouldBe($"amqp://flow:{variables["RABBITMQ_PASSWORD"]}@127.0.0.1:{amqp}");
        variables["RABBITMQ_URI"].ShouldBe(variables["ConnectionStrings__rabbitmq"]);
        (variables["RABBITMQ_HOST"], variables["RABBITMQ_PORT"], variables["RABBITMQ_USERNAME"])
            .ShouldBe(("127.0.0.1", amqp.ToString(CultureInfo.InvariantCulture), "flow"));

        var before = Node(application);
        Signals.Kill(before.ProcessId);
        await application.WaitAsync("rabbitmq", change => change.Snapshot.State?.Text == KnownResourceStates.Starting);
        await application.HealthyAsync("rabbitmq");
        Node(application).ShouldNotBe(before);
        (await NodeReadiness.IsReadyAsync(amqp, stream, TestContext.Current.CancellationToken)).ShouldBeTrue();
        application.Starts("service").Length.ShouldBe(1, "services reconnect, they are not started again");
    }

    /// <summary>The process that listens on a port of the broker is the VM: it is journalled as the node.</summary>
    private static ProcessIdentity Node(FakeApplication application) =>
        Directory.GetFiles(Path.Combine(application.Data, "rabbitmq", "processes"))
            .Where(file => File.ReadAllText(file).Contains("\"rabbitmq\"", StringComparison.Ordinal))
            .Select(file => ProcessIdentity.Of(int.Parse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture))!).Single();
}
