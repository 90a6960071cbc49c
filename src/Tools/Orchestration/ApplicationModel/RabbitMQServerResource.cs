using FlowPlatform.Orchestration;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>In Aspire a container; locally RabbitMQ is a private node and other containers are not available.</summary>
public abstract class ContainerResource(string name) : Resource(name),
    IResourceWithEnvironment, IResourceWithArgs, IResourceWithEndpoints, IResourceWithWaitSupport;

/// <summary>A RabbitMQ server. Locally a private node with the stream plugin, on loopback ports of its own.</summary>
public sealed class RabbitMQServerResource : ContainerResource, IResourceWithConnectionString
{
    internal const string PrimaryEndpointName = "tcp";
    internal const string StreamEndpointName = "stream";
    private const string DefaultUser = "guest";

    internal RabbitMQServerResource(string name, ParameterResource? userName, ParameterResource password)
        : base(name)
    {
        UserNameParameter = userName;
        PasswordParameter = password;
        PrimaryEndpoint = new EndpointReference(this, PrimaryEndpointName);
    }

    public ParameterResource? UserNameParameter { get; }

    public ParameterResource PasswordParameter { get; }

    public EndpointReference PrimaryEndpoint { get; }

    public ReferenceExpression ConnectionStringExpression => Annotations.OfType<ClusterAnnotation>().Any()
        ? ReferenceExpression.Create($"amqp://{UserName}:{PasswordParameter}@{PrimaryEndpoint.Property(EndpointProperty.HostAndPort)}/?nodes={Node(2)},{Node(3)}")
        : ReferenceExpression.Create($"amqp://{UserName}:{PasswordParameter}@{PrimaryEndpoint.Property(EndpointProperty.HostAndPort)}");

    internal ReferenceExpression UserName => UserNameParameter is { } parameter ? ReferenceExpression.Create($"{parameter}") : ReferenceExpression.Create($"{DefaultUser}");

    /// <summary>Beside the connection string, dependents get its parts as <c>NAME_PROPERTY</c>.</summary>
    internal IEnumerable<KeyValuePair<string, ReferenceExpression>> ConnectionProperties =>
    [
        new("Host", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Host)}")),
        new("Port", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Port)}")),
        new("Username", UserName),
        new("Password", ReferenceExpression.Create($"{PasswordParameter}")),
        new("Uri", ConnectionStringExpression),
    ];

    private EndpointReferenceExpression Node(int number) => new EndpointReference(this, ClusterExtensions.EndpointOf(PrimaryEndpointName, number)).Property(EndpointProperty.HostAndPort);
}
