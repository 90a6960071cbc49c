using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration;
using Npgsql;

namespace FlowPlatform.AppHost;

/// <summary>The server that the orchestrator runs.</summary>
internal sealed class PrivateServer(IDistributedApplicationBuilder builder, IResourceBuilder<PostgresServerResource> server) : IStoreServer
{
    public IResourceBuilder<IResourceWithConnectionString> Resource => server;

    public (IResourceBuilder<IResourceWithConnectionString> Connection, IResourceBuilder<IResource> Awaited) AddDatabase(
        string connectionName, string name, IResourceBuilder<ParameterResource> password)
    {
        var endpoint = server.GetEndpoint("tcp");
        var database = server.AddDatabase(name.Replace('_', '-'), name).WithOwner(password);
        // Loopback: nothing is won by asking for encryption, and each connection would take a round trip more.
        var connection = builder.AddConnectionString(connectionName, ReferenceExpression.Create(
            $"Host={endpoint.Property(EndpointProperty.Host)};Port={endpoint.Property(EndpointProperty.Port)};Username={name};Password={password};Database={name};SSL Mode=Disable;GSS Encryption Mode=Disable"));
        return (connection, database);
    }
}

/// <summary>A server that runs already.</summary>
internal sealed class GivenServer(IDistributedApplicationBuilder builder, IResourceBuilder<IResourceWithConnectionString> server, NpgsqlConnectionStringBuilder settings) : IStoreServer
{
    public IResourceBuilder<IResourceWithConnectionString> Resource => server;

    /// <summary>The server's connection string as it is, with certificates and all, but for whose it is.</summary>
    public (IResourceBuilder<IResourceWithConnectionString> Connection, IResourceBuilder<IResource> Awaited) AddDatabase(
        string connectionName, string name, IResourceBuilder<ParameterResource> password)
    {
        var others = new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Username = name, Database = name };
        others.Remove("Password");
        var connection = builder.AddConnectionString(connectionName, ReferenceExpression.Create($"{others.ConnectionString};Password={password}"))
            .WithServiceDatabase(name, password, server);
        return (connection, connection);
    }
}
