using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>Runs a RabbitMQ resource as a private node on the resource's ports, with its data below the data directory.</summary>
internal sealed class BrokerRunner(
    RabbitMQServerResource resource, ResourceNotificationService notifications, OrchestratorSettings settings,
    SecretMask mask, ResourceLog log, TimeProvider time)
    : ResourceRunner(resource, notifications, mask, time)
{
    protected override async Task<ISupervised> StartAsync(CancellationToken cancellationToken)
    {
        var options = new PrivateBrokerOptions
        {
            DataDirectory = Path.Combine(settings.DataDirectory, resource.Name),
            Source = settings.BrokerSource,
            User = (await resource.UserName.GetValueAsync(cancellationToken))!,
            Password = await resource.PasswordParameter.GetValueAsync(cancellationToken),
            AmqpPort = PortOf(RabbitMQServerResource.PrimaryEndpointName),
            StreamPort = PortOf(RabbitMQServerResource.StreamEndpointName),
            OnOutput = text => log.Add(new OutputLine(text, IsError: false)),
        };
        try
        {
            return new Node(await PrivateBroker.StartAsync(options, new StateProgress(this), cancellationToken));
        }
        catch (BrokerException e)
        {
            throw new StartFailedException(e.Message, e);
        }
    }

    /// <summary>A broker never means to end by itself.</summary>
    protected override bool IsDeliberate(int exitCode) => false;

    private int? PortOf(string endpointName) =>
        resource.Annotations.OfType<EndpointAnnotation>().FirstOrDefault(endpoint => endpoint.Name == endpointName)?.AllocatedPort;

    private sealed class Node(PrivateBroker broker) : ISupervised
    {
        public Task<int> Exited => broker.Exited;

        public Task StopAsync(TimeSpan grace) => broker.StopAsync(grace);

        public void Kill() => broker.Kill();
    }

    /// <summary>What the broker reports becomes the reason of the starting state, where a user sees it.</summary>
    private sealed class StateProgress(BrokerRunner runner) : IProgress<string>
    {
        public void Report(string value) => _ = runner.PublishAsync(KnownResourceStates.Starting, KnownResourceStateStyles.Info, value);
    }
}
