using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>A connection string from the configuration or composed of other values. Nothing is started for it.</summary>
public sealed class ConnectionStringResource(string name, ReferenceExpression connectionStringExpression)
    : Resource(name), IResourceWithConnectionString, IResourceWithWaitSupport
{
    public ReferenceExpression ConnectionStringExpression { get; } = connectionStringExpression;

    /// <summary>Under which name dependents get it; null: <c>ConnectionStrings__{name}</c>.</summary>
    internal string? EnvironmentVariable { get; init; }
}
