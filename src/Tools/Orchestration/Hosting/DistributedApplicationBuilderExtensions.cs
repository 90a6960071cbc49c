using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static class DistributedApplicationBuilderExtensions
{
    /// <summary>The builder of a resource that is there already, to add to it.</summary>
    /// <exception cref="InvalidOperationException">There is no resource of this name, or it is of another kind.</exception>
    public static IResourceBuilder<T> CreateResourceBuilder<T>(this IDistributedApplicationBuilder builder, string name)
        where T : IResource =>
        builder.Resources.FirstOrDefault(resource => string.Equals(resource.Name, name, StringComparison.OrdinalIgnoreCase)) switch
        {
            null => throw new InvalidOperationException($"There is no resource '{name}'."),
            T resource => builder.CreateResourceBuilder(resource),
            var other => throw new InvalidOperationException($"Resource '{name}' is a {other.GetType().Name}, not a {typeof(T).Name}."),
        };
}
