using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.AppHost;

/// <summary>The server that Aspire runs in a container.</summary>
internal sealed class PostgresContainer(IDistributedApplicationBuilder builder, IResourceBuilder<PostgresServerResource> server) : IStoreServer
{
    public IResourceBuilder<IResourceWithConnectionString> Resource => server;

    public (IResourceBuilder<IResourceWithConnectionString> Connection, IResourceBuilder<IResource> Awaited) AddDatabase(
        string connectionName, string name, IResourceBuilder<ParameterResource> password)
    {
        server.WithEnvironment(VariableOf(name), password);
        var endpoint = server.GetEndpoint("tcp");
        var connection = builder.AddConnectionString(connectionName, ReferenceExpression.Create(
            $"Host={endpoint.Property(EndpointProperty.Host)};Port={endpoint.Property(EndpointProperty.Port)};Username={name};Password={password};Database={name}"));
        return (connection, server.AddDatabase(name.Replace('_', '-'), name));
    }

    /// <summary>What the image runs once, on a new volume. psql quotes names and passwords.</summary>
    public static string Script(IReadOnlyList<string> databases) =>
        string.Concat(databases.Select(Making).Append("""
            psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --command 'REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC'

            """)).ReplaceLineEndings("\n");

    private static string Making(string name) => $"""
        psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --set name={name} --set password="${VariableOf(name)}" <<'SQL'
        CREATE ROLE :"name" LOGIN PASSWORD :'password';
        CREATE DATABASE :"name" OWNER :"name" TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C';
        REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
        SQL

        """;

    private static string VariableOf(string name) => $"{name.ToUpperInvariant()}_PASSWORD";
}
