using System.Collections.ObjectModel;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.ApplicationModel
{
    // The part of Aspire's public app model that AppHost.cs uses: same names, same semantics, nothing more.
    // https://aspire.dev describes it; members are those that exist unchanged from 13.1 to 13.6.

    public interface IResource
    {
        string Name { get; }

        ResourceAnnotationCollection Annotations { get; }
    }

    public interface IResourceAnnotation;

    public sealed class ResourceAnnotationCollection : Collection<IResourceAnnotation>;

    public abstract class Resource(string name) : IResource
    {
        public string Name { get; } = ResourceName.Checked(name);

        public ResourceAnnotationCollection Annotations { get; } = [];
    }

    /// <summary>All resources of an application.</summary>
    public interface IResourceCollection : IList<IResource>;

    public interface IResourceWithEnvironment : IResource;

    public interface IResourceWithArgs : IResource;

    public interface IResourceWithEndpoints : IResource;

    public interface IResourceWithWaitSupport : IResource;

    /// <summary>Gives a value when the application runs.</summary>
    public interface IValueProvider
    {
        ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default);
    }

    /// <summary>Gives a placeholder for the value when deployment artefacts are written.</summary>
    public interface IManifestExpressionProvider
    {
        string ValueExpression { get; }
    }

    public interface IResourceWithConnectionString : IResource, IValueProvider, IManifestExpressionProvider
    {
        ReferenceExpression ConnectionStringExpression { get; }

        ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) =>
            ConnectionStringExpression.GetValueAsync(cancellationToken);

        ValueTask<string?> IValueProvider.GetValueAsync(CancellationToken cancellationToken) => GetConnectionStringAsync(cancellationToken);

        string IManifestExpressionProvider.ValueExpression => $"{{{Name}.connectionString}}";
    }

    public interface IResourceBuilder<out T>
        where T : IResource
    {
        IDistributedApplicationBuilder ApplicationBuilder { get; }

        T Resource { get; }
    }

    internal static class ResourceName
    {
        private const int LengthMax = 64;

        /// <summary>Aspire's rule: 1 to 64 letters, digits and single hyphens, a letter first, no hyphen last.</summary>
        public static string Checked(string name) =>
            name.Length is > 0 and <= LengthMax && char.IsAsciiLetter(name[0]) && name[^1] != '-' && !name.Contains("--", StringComparison.Ordinal)
                && name.All(character => char.IsAsciiLetterOrDigit(character) || character == '-')
                ? name
                : throw new ArgumentException($"Resource name '{name}' is invalid: 1 to {LengthMax} letters, digits and single hyphens, beginning with a letter.", nameof(name));
    }
}

namespace Aspire.Hosting
{
    public interface IResourceWithServiceDiscovery : IResourceWithEndpoints;

    public interface IProjectMetadata : IResourceAnnotation
    {
        string ProjectPath { get; }
    }
}
