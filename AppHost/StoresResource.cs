using System.Data.Common;
using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace FlowPlatform.AppHost;

/// <summary>Where services keep their state: files of their own, or databases of their own on one server.</summary>
/// <param name="Builder">The application.</param>
/// <param name="Server">The server, or null where stores are files, or where each service's database is named by itself.</param>
internal sealed record StoresResource(IDistributedApplicationBuilder Builder, IStoreServer? Server)
{
    /// <summary>sqlite or postgres.</summary>
    public required string Kind { get; init; }

    /// <summary>What databases and roles begin with.</summary>
    public string Prefix { get; init; } = "flow";

    /// <summary>Artefacts are written, nothing runs.</summary>
    public bool IsPublished { get; init; }

    /// <summary>Host and port of the server; null where there is none.</summary>
    public async Task<string?> AddressAsync(CancellationToken cancellationToken)
    {
        if (Server is null || await Server.Resource.Resource.GetConnectionStringAsync(cancellationToken) is not { } connection)
        {
            return null;
        }
        var settings = new DbConnectionStringBuilder { ConnectionString = connection };
        return $"{Value("Host") ?? Value("Server")}:{Value("Port") ?? "5432"}";

        string? Value(string name) => settings.TryGetValue(name, out var value) ? value.ToString() : null;
    }
}

/// <summary>A server that services' databases are made on.</summary>
internal interface IStoreServer
{
    /// <summary>Its connection string is that of one who may make databases.</summary>
    IResourceBuilder<IResourceWithConnectionString> Resource { get; }

    /// <summary>A database and a role of this name, which owns nothing else; the role's connection string under the service's name, and what to wait for.</summary>
    (IResourceBuilder<IResourceWithConnectionString> Connection, IResourceBuilder<IResource> Awaited) AddDatabase(
        string connectionName, string name, IResourceBuilder<ParameterResource> password);
}

internal static class StoresExtensions
{
    /// <summary>The stores that were asked for. Null, and the reason on standard error, if that doesn't fit what is in the data directory or in the configuration.</summary>
    public static StoresResource? AddStores(this IDistributedApplicationBuilder builder, AppHostFlags flags)
    {
        try
        {
            if (flags.Publish is null)
            {
                StoreKind.Keep(flags);
            }
            if (flags.Stores == "sqlite")
            {
                return new StoresResource(builder, Server: null) { Kind = flags.Stores };
            }
            var prefix = PrefixOf(builder.Configuration["FLOW_POSTGRES_PREFIX"]);
            // What this machine is configured with is of no matter where artefacts are deployed.
            var server = flags.Publish is not null ? HostMode.AddPostgres(builder, flags, [.. flags.Services.Select(service => NameOf(prefix, service))])
                : flags.Services.All(service => builder.IsConfigured($"{service}-db")) ? null
                : builder.IsConfigured("postgres") ? HostMode.AddGivenPostgres(builder, "postgres")
                : HostMode.AddPostgres(builder, flags, [.. flags.Services.Select(service => NameOf(prefix, service))]);
            return new StoresResource(builder, server) { Kind = flags.Stores, Prefix = prefix, IsPublished = flags.Publish is not null };
        }
        catch (UsageException e)
        {
            Console.Error.WriteLine(e.Message);
            return null;
        }
    }

    /// <summary>A database of its own, which no other service can open.</summary>
    public static IResourceBuilder<ProjectResource> WithStore(this IResourceBuilder<ProjectResource> service, StoresResource stores)
    {
        if (stores.Kind == "sqlite")
        {
            return service;
        }
        var name = $"{service.Resource.Name}-db";
        if (stores.Server is null || (!stores.IsPublished && stores.Builder.IsConfigured(name)))
        {
            return service.WithReference(stores.Builder.AddConnectionString(name));
        }
        var password = stores.Builder.AddParameter($"{name}-password", new GenerateParameterDefault { MinLength = 28, Special = false }, secret: true, persist: true);
        var (connection, awaited) = stores.Server.AddDatabase(name, NameOf(stores.Prefix, service.Resource.Name), password);
        return service.WithReference(connection).WaitFor(awaited);
    }

    private static bool IsConfigured(this IDistributedApplicationBuilder builder, string name) =>
        !string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString(name) ?? builder.Configuration.GetConnectionString(name.Replace('-', '_')));

    private static string NameOf(string prefix, string service) => $"{prefix}_{service}";

    /// <summary>It becomes part of SQL names and of a shell script's: only what needs no quotes in either.</summary>
    private static string PrefixOf(string? configured)
    {
        const int LengthMax = 32;
        return string.IsNullOrEmpty(configured) ? "flow"
            : configured.Length <= LengthMax && char.IsAsciiLetterLower(configured[0])
                && configured.All(character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character == '_') ? configured
            : throw new UsageException(string.Create(CultureInfo.InvariantCulture,
                $"FLOW_POSTGRES_PREFIX is '{configured}'; it must be 1 to {LengthMax} lower-case letters, digits and underscores, a letter first."));
    }
}

/// <summary>The kind of store that a data directory was begun with: the log remembers what its services have said, and a new store would not.</summary>
internal static class StoreKind
{
    private const string FileName = "stores";

    /// <exception cref="UsageException">Another kind was asked for.</exception>
    public static void Keep(AppHostFlags flags)
    {
        var file = Path.Combine(flags.DataDirectory, FileName);
        var kept = File.Exists(file) ? File.ReadAllText(file).Trim() : Directory.Exists(Path.Combine(flags.DataDirectory, "orders")) ? "sqlite" : null;
        if (kept is not null && kept != flags.Stores)
        {
            throw new UsageException($"The stores in {flags.DataDirectory} are {(kept == "sqlite" ? "SQLite's" : "in Postgres")}. Choose --stores {kept}, or another --data.");
        }
        Directory.CreateDirectory(flags.DataDirectory);
        File.WriteAllText(file, flags.Stores);
    }
}
