using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Broker.Checks;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>A broker that somebody else runs: it is looked at once and never stopped. That it goes away later is what services report.</summary>
internal sealed class ExternalBrokerRunner(
    IResourceWithConnectionString resource, IResourceWithConnectionString stream, ResourceNotificationService notifications, SecretMask mask, TimeProvider time)
    : ResourceRunner(resource, notifications, mask, time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public override bool TakesCommands => false;

    protected override async Task<ISupervised> StartAsync(CancellationToken cancellationToken)
    {
        var amqp = (await resource.GetConnectionStringAsync(cancellationToken))!;
        var streams = (await stream.GetConnectionStringAsync(cancellationToken))!;
        Mask.AddConnectionString(amqp);
        Mask.AddConnectionString(streams);
        try
        {
            var facts = await BrokerCheck.RunAsync(amqp, streams, Patience, StartProgress, Time, cancellationToken);
            StartProgress.Report(facts.Describe());
            return new Elsewhere();
        }
        catch (BrokerException e)
        {
            throw new StartFailedException(e.Message, e);
        }
    }
}
