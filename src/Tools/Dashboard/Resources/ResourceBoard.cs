using System.Collections.Immutable;
using FlowPlatform.Dashboard.Storage;

namespace FlowPlatform.Dashboard.Resources;

/// <summary>What is known of the resources at one moment. Immutable.</summary>
/// <param name="Application">The system's name; null before the first answer.</param>
/// <param name="Resources">In the order of their declaration; empty before the first answer.</param>
/// <param name="Fault">Why nothing newer is known; null while the AppHost tells.</param>
internal sealed record ResourceView(string? Application, ImmutableList<ResourceState> Resources, string? Fault)
{
    /// <summary>Whether anything was ever told.</summary>
    public bool IsKnown => Application is not null;

    /// <summary>A resource, or a replica.</summary>
    public ResourceState? Find(string name) => Resources.SelectMany(static resource => resource.Replicas.Prepend(resource)).FirstOrDefault(resource => string.Equals(resource.Name, name, StringComparison.OrdinalIgnoreCase));
}

/// <summary>The newest state of all resources, for all who look: one connection feeds it. Who looks late sees the newest, not each step. Safe for concurrent use.</summary>
internal sealed class ResourceBoard
{
    private readonly Pulse pulse = new();
    private ResourceView now = new(null, [], null);

    /// <summary>Completes with the next change. Take it before you look.</summary>
    public Task Next => pulse.Next;

    public ResourceView Now => Volatile.Read(ref now);

    /// <summary>All of them, from an AppHost that tells (again).</summary>
    public void Set(ResourceListing listing) => Change(_ => new ResourceView(listing.Application, [.. listing.Resources], null));

    public void Set(ResourceChange change) => Change(before =>
    {
        var at = before.Resources.FindIndex(resource => resource.Name == change.Name);
        return before with
        {
            Resources = change.Resource is not { } resource ? (at < 0 ? before.Resources : before.Resources.RemoveAt(at)) : at < 0 ? before.Resources.Add(resource) : before.Resources.SetItem(at, resource),
        };
    });

    /// <summary>Nothing newer is known; what was last told stays.</summary>
    public void Lose(string fault) => Change(before => before with { Fault = fault });

    private void Change(Func<ResourceView, ResourceView> change)
    {
        ImmutableInterlocked.Update(ref now, change);
        pulse.Beat();
    }
}
