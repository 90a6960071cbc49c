using FlowPlatform.Orchestration.Broker.Containers;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>Whether this machine can have a broker at all, asked before the model is built: without one, services are told of another log.</summary>
public static class BrokerAvailability
{
    /// <summary>Looks for the way in which <c>auto</c> would run a broker; downloads packages where that is the way, so that the broker's start finds them.</summary>
    /// <param name="dataDirectory">Where the broker would keep its data.</param>
    /// <param name="nodes">How many nodes it shall have; a container has one.</param>
    /// <param name="progress">What is being done, in lines for a user.</param>
    /// <param name="cancellationToken">Stops the attempt.</param>
    /// <returns>Why there is no way; null if there is one.</returns>
    public static async Task<string?> WhyNoneAsync(string dataDirectory, int nodes, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        try
        {
            await (nodes > 1
                ? BrokerLocator.LocateAsync(BrokerSource.Auto, progress, cancellationToken)
                : (Task)BrokerWay.ChooseAsync(BrokerSource.Auto, dataDirectory, Executables.Find, progress, cancellationToken));
            return null;
        }
        catch (BrokerException none)
        {
            return none.Message;
        }
    }

    /// <summary>Whether a broker has kept its data there.</summary>
    public static bool HoldsData(string dataDirectory) =>
        NodeLayout.HoldsDatabase(dataDirectory) || ClusterLayout.HoldsDatabase(dataDirectory) || ContainerLayout.HoldsDatabase(dataDirectory);
}
