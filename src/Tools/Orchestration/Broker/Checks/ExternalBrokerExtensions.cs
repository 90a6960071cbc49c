using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.Orchestration;

/// <summary>What the local orchestrator does beyond Aspire's app model.</summary>
public static class ExternalBrokerExtensions
{
    /// <summary>
    /// Looks at a RabbitMQ that runs already, before anything that waits for it starts: it becomes ready when it can be used by both protocols; what is wrong
    /// with it becomes its state, with the cure.
    /// </summary>
    public static IResourceBuilder<IResourceWithConnectionString> WithBrokerCheck(
        this IResourceBuilder<IResourceWithConnectionString> amqp, IResourceBuilder<IResourceWithConnectionString> stream)
    {
        amqp.Resource.Annotations.Add(new ExternalBrokerAnnotation(stream.Resource));
        return amqp;
    }
}

internal sealed record ExternalBrokerAnnotation(IResourceWithConnectionString Stream) : IResourceAnnotation;
