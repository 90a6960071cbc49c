using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Broker.Checks;
using FlowPlatform.Orchestration.Broker.Containers;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>Runs a RabbitMQ resource on the resource's ports, with its data below the data directory: as a private node, or in a container.</summary>
internal sealed class BrokerRunner(
    RabbitMQServerResource resource, ResourceNotificationService notifications, OrchestratorSettings settings,
    SecretMask mask, ResourceLog log, TimeProvider time)
    : ResourceRunner(resource, notifications, mask, time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private volatile ClusterHandle? cluster;

    private string DataDirectory => Path.Combine(settings.DataDirectory, resource.Name);

    protected override async Task<ISupervised> StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (resource.Annotations.OfType<ClusterAnnotation>().Any())
            {
                return cluster = await StartClusterAsync(cancellationToken);
            }
            var way = await BrokerWay.ChooseAsync(settings.BrokerSource, DataDirectory, Executables.Find, StartProgress, cancellationToken);
            return way.Engine is { } engine ? await StartContainerAsync(engine, cancellationToken) : await StartNodeAsync(way.Source, cancellationToken);
        }
        catch (BrokerException e)
        {
            throw new StartFailedException(e.Message, e);
        }
    }

    /// <summary>A broker never means to end by itself.</summary>
    protected override bool IsDeliberate(int exitCode) => false;

    protected override Task WatchHealthAsync(CancellationToken cancellationToken) =>
        cluster is { } running ? running.WatchAsync(PublishHealthAsync, Time, cancellationToken) : base.WatchHealthAsync(cancellationToken);

    private async Task<ClusterHandle> StartClusterAsync(CancellationToken cancellationToken)
    {
        var broker = await PrivateCluster.StartAsync(new PrivateClusterOptions
        {
            DataDirectory = DataDirectory,
            Source = settings.BrokerSource,
            User = await UserAsync(cancellationToken),
            Password = await resource.PasswordParameter.GetValueAsync(cancellationToken),
            AmqpPorts = PortsOf(RabbitMQServerResource.PrimaryEndpointName),
            StreamPorts = PortsOf(RabbitMQServerResource.StreamEndpointName),
            AdvertisedStreamPorts = [.. Enumerable.Range(1, PrivateCluster.Size).Select(number => EndpointOf(ClusterExtensions.EndpointOf(RabbitMQServerResource.StreamEndpointName, number))!.PublicPort!.Value)],
            OnOutput = Log,
        }, StartProgress, cancellationToken);
        try
        {
            var facts = await BrokerCheck.RunAsync(broker.AmqpUri, broker.StreamUri, Patience, StartProgress, Time, cancellationToken);
            StartProgress.Report($"{facts.Describe()}; a cluster of {PrivateCluster.Size} private nodes");
            return new ClusterHandle(broker);
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    private async Task<ISupervised> StartNodeAsync(BrokerSource source, CancellationToken cancellationToken)
    {
        var broker = await PrivateBroker.StartAsync(new PrivateBrokerOptions
        {
            DataDirectory = DataDirectory,
            Source = source,
            User = await UserAsync(cancellationToken),
            Password = await resource.PasswordParameter.GetValueAsync(cancellationToken),
            AmqpPort = PortOf(RabbitMQServerResource.PrimaryEndpointName),
            StreamPort = PortOf(RabbitMQServerResource.StreamEndpointName),
            AdvertisedStreamPort = EndpointOf(RabbitMQServerResource.StreamEndpointName)?.PublicPort,
            OnOutput = Log,
        }, StartProgress, cancellationToken);
        try
        {
            var facts = await BrokerCheck.RunAsync(broker.AmqpUri, broker.StreamUri, Patience, StartProgress, Time, cancellationToken);
            StartProgress.Report($"{facts.Describe()}; a private node");
            return new Node(broker);
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    private async Task<ISupervised> StartContainerAsync(ContainerEngine engine, CancellationToken cancellationToken)
    {
        var broker = await ContainerBroker.StartAsync(new ContainerBrokerOptions
        {
            DataDirectory = DataDirectory,
            User = await UserAsync(cancellationToken),
            Password = await resource.PasswordParameter.GetValueAsync(cancellationToken),
            AmqpPort = PortOf(RabbitMQServerResource.PrimaryEndpointName) ?? throw new StartFailedException("it has no AMQP endpoint"),
            StreamPort = PortOf(RabbitMQServerResource.StreamEndpointName) ?? throw new StartFailedException("it has no endpoint named 'stream'"),
            Image = ContainerImage.Choose(Environment.GetEnvironmentVariable("FLOW_RABBITMQ_IMAGE")),
            OnOutput = Log,
        }, engine, StartProgress, cancellationToken);
        StartProgress.Report($"{broker.Facts.Describe()}; in a container of {engine}");
        return new Container(broker);
    }

    private async Task<string> UserAsync(CancellationToken cancellationToken) => (await resource.UserName.GetValueAsync(cancellationToken))!;

    private void Log(string text) => log.Add(new OutputLine(text, IsError: false));

    private int[] PortsOf(string endpointName) =>
        [.. Enumerable.Range(1, PrivateCluster.Size).Select(number => PortOf(ClusterExtensions.EndpointOf(endpointName, number)) ?? throw new StartFailedException($"it has no endpoint named '{endpointName}'"))];

    private int? PortOf(string endpointName) => EndpointOf(endpointName)?.AllocatedPort;

    private EndpointAnnotation? EndpointOf(string endpointName) => resource.Annotations.OfType<EndpointAnnotation>().FirstOrDefault(endpoint => endpoint.Name == endpointName);

    private sealed class Node(PrivateBroker broker) : ISupervised
    {
        public Task<int> Exited => broker.Exited;

        public int? ProcessId => broker.ProcessId;

        public Task StopAsync(TimeSpan grace) => broker.StopAsync(grace);

        public void Kill() => broker.Kill();
    }

    private sealed class Container(ContainerBroker broker) : ISupervised
    {
        public Task<int> Exited => broker.Exited;

        public Task StopAsync(TimeSpan grace) => broker.StopAsync(grace);

        public void Kill() => broker.Kill();
    }
}
