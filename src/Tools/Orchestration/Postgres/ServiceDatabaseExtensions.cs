using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.Orchestration;

/// <summary>What the local orchestrator does beyond Aspire's app model.</summary>
public static class ServiceDatabaseExtensions
{
    /// <summary>The database belongs to a role of its own, with this password, and nobody else may connect to it.</summary>
    /// <param name="database">The database; its role has its name.</param>
    /// <param name="password">Generated and secret.</param>
    public static IResourceBuilder<PostgresDatabaseResource> WithOwner(
        this IResourceBuilder<PostgresDatabaseResource> database, IResourceBuilder<ParameterResource> password)
    {
        database.Resource.Annotations.Add(new ServiceDatabaseAnnotation(database.Resource.DatabaseName, password.Resource, database.Resource.Parent));
        return database;
    }

    /// <summary>
    /// Makes a role and a database of a service on a server that runs already, before anything that waits for the connection string starts; what is
    /// wrong with the server becomes its state, with the cure.
    /// </summary>
    /// <param name="connection">The service's connection string.</param>
    /// <param name="name">Of the role and of the database.</param>
    /// <param name="password">Generated and secret.</param>
    /// <param name="server">The connection string of a superuser, or of one who may create roles and databases.</param>
    public static IResourceBuilder<ConnectionStringResource> WithServiceDatabase(
        this IResourceBuilder<ConnectionStringResource> connection, string name, IResourceBuilder<ParameterResource> password,
        IResourceBuilder<IResourceWithConnectionString> server)
    {
        connection.Resource.Annotations.Add(new ServiceDatabaseAnnotation(name, password.Resource, server.Resource));
        return connection;
    }
}

/// <param name="Name">Of the role and of the database.</param>
/// <param name="Password">The role's.</param>
/// <param name="Server">Whose connection string is that of one who may make both.</param>
internal sealed record ServiceDatabaseAnnotation(string Name, ParameterResource Password, IResourceWithConnectionString Server) : IResourceAnnotation;
