using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static class PostgresBuilderExtensions
{
    /// <summary>A Postgres server. Locally its endpoint has a free port of its own unless one is given.</summary>
    public static IResourceBuilder<PostgresServerResource> AddPostgres(
        this IDistributedApplicationBuilder builder, string name, IResourceBuilder<ParameterResource>? userName = null,
        IResourceBuilder<ParameterResource>? password = null, int? port = null)
    {
        const int PostgresPort = 5432;
        password ??= builder.AddParameter($"{name}-password", new GenerateParameterDefault { Special = false }, secret: true, persist: true);
        var server = new PostgresServerResource(name, userName?.Resource, password.Resource);
        server.Annotations.Add(new EndpointAnnotation(PostgresServerResource.PrimaryEndpointName, "tcp", port, PostgresPort));
        return builder.AddResource(server);
    }

    /// <summary>A database of the server, by default named like the resource; made, if it isn't there, when the server is ready.</summary>
    public static IResourceBuilder<PostgresDatabaseResource> AddDatabase(
        this IResourceBuilder<PostgresServerResource> builder, string name, string? databaseName = null)
    {
        var database = new PostgresDatabaseResource(name, databaseName ?? name, builder.Resource);
        database.Annotations.Add(new WaitAnnotation(builder.Resource));
        return builder.ApplicationBuilder.AddResource(database);
    }
}
