using FlowPlatform.Storage.Sqlite;

namespace FlowPlatform.Dashboard.Storage;

/// <summary>Who sends: a process of a service. Attributes are a JSON object.</summary>
internal sealed record Resource(string Service, string Instance, string Attributes);

/// <summary>The library that made it.</summary>
internal sealed record Scope(string Name, string Version);

/// <summary>Gives each resource and each scope a number. Not safe for concurrent use.</summary>
internal sealed class Origins(SignalConnection connection)
{
    /// <summary>Numbers kept in memory; beyond, all are looked up again. Somebody may send a new resource with each request.</summary>
    private const int MaxKnown = 4_096;

    /// <summary>How far the time when a resource was last seen may be behind.</summary>
    private const long SeenNanos = 60_000_000_000;

    private readonly Dictionary<Resource, (long Id, long Seen)> resources = [];
    private readonly Dictionary<Scope, long> scopes = [];

    private readonly Statement addResource = connection.Prepare(
        "INSERT INTO resource (service, instance, attributes, last_seen) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (service, instance, attributes) DO UPDATE SET last_seen = ?4 RETURNING id");

    private readonly Statement findResource = connection.Prepare("SELECT id FROM resource WHERE service = ?1 AND instance = ?2 AND attributes = ?3");

    private readonly Statement addScope = connection.Prepare(
        "INSERT INTO scope (name, version) VALUES (?1, ?2) ON CONFLICT (name, version) DO UPDATE SET version = ?2 RETURNING id");

    private readonly Statement forgetResources = connection.Prepare("DELETE FROM resource WHERE last_seen < ?1");

    public long IdOf(Resource resource, long now) => IdOf(resource, now, create: true)!.Value;

    /// <summary>Null: it is not there, and was not to be made.</summary>
    public long? IdOf(Resource resource, long now, bool create)
    {
        if (resources.TryGetValue(resource, out var known) && now - known.Seen < SeenNanos)
        {
            return known.Id;
        }

        if (!create && SignalConnection.One(findResource.With(1, resource.Service).With(2, resource.Instance).With(3, resource.Attributes)) == 0)
        {
            return null;
        }

        Limit(resources);
        var id = SignalConnection.One(addResource.With(1, resource.Service).With(2, resource.Instance).With(3, resource.Attributes).With(4, now));
        resources[resource] = (id, now);
        return id;
    }

    public long IdOf(Scope scope)
    {
        if (!scopes.TryGetValue(scope, out var id))
        {
            Limit(scopes);
            id = scopes[scope] = SignalConnection.One(addScope.With(1, scope.Name).With(2, scope.Version));
        }

        return id;
    }

    /// <summary>Deletes resources that nothing can refer to any more: last seen before the oldest of what is kept came in.</summary>
    public void ForgetBefore(long oldest)
    {
        forgetResources.With(1, oldest - (2 * SeenNanos)).Run();
        resources.Clear();
    }

    /// <summary>After a rollback: what was given a number in the transaction has none.</summary>
    public void Reset()
    {
        resources.Clear();
        scopes.Clear();
    }

    private static void Limit<TKey, TValue>(Dictionary<TKey, TValue> known)
        where TKey : notnull
    {
        if (known.Count >= MaxKnown)
        {
            known.Clear();
        }
    }
}
