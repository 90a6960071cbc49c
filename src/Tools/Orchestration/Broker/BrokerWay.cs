using FlowPlatform.Orchestration.Broker.Containers;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>The way in which a broker is run: a private node from <see cref="Source"/>, or a container where there is an <see cref="Engine"/>.</summary>
internal sealed record BrokerWay(BrokerSource Source, ContainerEngine? Engine)
{
    /// <summary>
    /// An installed server, the distribution's packages, a container, in this order. What the data directory holds already decides before that: a log
    /// lives where it was written, and another one would be recognised as such and refused by every service.
    /// </summary>
    /// <param name="find">Where a command is, or null.</param>
    /// <exception cref="BrokerException">No way is open; the message says of each why.</exception>
    public static async Task<BrokerWay> ChooseAsync(
        BrokerSource source, string dataDirectory, Func<string, string?> find, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        ClusterLayout.RefuseCluster(dataDirectory);
        var holdsNode = NodeLayout.HoldsDatabase(dataDirectory);
        var holdsContainer = ContainerLayout.HoldsDatabase(dataDirectory);
        if (source == BrokerSource.Container ? holdsNode : source != BrokerSource.Auto && holdsContainer)
        {
            throw new BrokerException($"The log in {dataDirectory} belongs to {(holdsNode ? "a private node" : "a container")}. " +
                $"Choose --broker {(holdsNode ? "install or rabbitmq" : "docker")} (or auto), or another --data.");
        }
        if (source == BrokerSource.Container || (source == BrokerSource.Auto && holdsContainer))
        {
            return new BrokerWay(source, await ContainerEngine.FindAsync(find, cancellationToken));
        }
        if (source != BrokerSource.Auto || holdsNode)
        {
            return new BrokerWay(source, Engine: null);
        }
        return await FirstOpenAsync(find, progress, cancellationToken);
    }

    private static async Task<BrokerWay> FirstOpenAsync(Func<string, string?> find, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        try
        {
            await BrokerLocator.LocateAsync(BrokerSource.Auto, progress, cancellationToken);
            return new BrokerWay(BrokerSource.Auto, Engine: null);
        }
        catch (BrokerException noNode)
        {
            try
            {
                var engine = await ContainerEngine.FindAsync(find, cancellationToken);
                progress?.Report($"No RabbitMQ is installed and none can be unpacked here: using {engine}.");
                return new BrokerWay(BrokerSource.Container, engine);
            }
            catch (BrokerException noEngine)
            {
                throw new BrokerException($"{noNode.Message}\nNor in a container: {noEngine.Message}", noNode);
            }
        }
    }
}
