using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Tests.Broker;

namespace FlowPlatform.Orchestration.Tests.Supervision;

public sealed class BrokerSupervisionTests(RunningBroker running)
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

    [Fact]
    public async Task A_given_broker_is_ready_when_it_was_looked_at_and_services_wait_for_that()
    {
        var broker = await running.GetAsync();
        await using var application = new FakeApplication();
        var service = Given(application, broker.AmqpUri, broker.StreamUri);
        await application.StartAsync();
        await application.HealthyAsync("service");
        await application.HealthyAsync("rabbitmq");
        var variables = await FakeApplication.VariablesAsync(service);
        (variables["ConnectionStrings__rabbitmq"], variables["ConnectionStrings__rabbitmq-stream"]).ShouldBe((broker.AmqpUri, broker.StreamUri));
    }

    [Fact]
    public async Task A_given_broker_that_refuses_us_is_told_without_the_password_and_no_service_starts()
    {
        var broker = await running.GetAsync();
        await using var application = new FakeApplication();
        Given(application, broker.AmqpUri.Replace("flow:", "flow:wrong-", StringComparison.Ordinal), broker.StreamUri);
        await application.StartAsync();
        var reason = (await application.StateAsync("rabbitmq", KnownResourceStates.FailedToStart)).Reason!;
        reason.ShouldContain("refuses the user 'flow'");
        reason.ShouldNotContain("wrong-");
        (await application.StateAsync("service", KnownResourceStates.FailedToStart)).Reason!.ShouldContain("it needs rabbitmq");
        application.Starts("service").ShouldBeEmpty();
    }

    private static IResourceBuilder<ProjectResource> Given(FakeApplication application, string amqp, string stream)
    {
        application.Builder.Configuration["ConnectionStrings:rabbitmq"] = amqp;
        var streams = application.Builder.AddConnectionString("rabbitmq-stream", ReferenceExpression.Create($"{stream}"));
        var rabbitmq = application.Builder.AddConnectionString("rabbitmq").WithBrokerCheck(streams);
        return application.AddService("service").WithReference(rabbitmq).WithReference(streams).WaitFor(rabbitmq);
    }

    /// <summary>The process that listens on a port of the broker is the VM: it is journalled as the node.</summary>
    private static ProcessIdentity Node(FakeApplication application) =>
        Directory.GetFiles(Path.Combine(application.Data, "rabbitmq", "processes"))
            .Where(file => File.ReadAllText(file).Contains("\"rabbitmq\"", StringComparison.Ordinal))
            .Select(file => ProcessIdentity.Of(int.Parse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture))!).Single();
}
