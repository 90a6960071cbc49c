using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>What a test asks of an application that has been started.</summary>
public static class DistributedApplicationHostingTestingExtensions
{
    /// <summary>A client of a resource's endpoint, by default of <c>http</c>, else of <c>https</c>. Its handlers are those that the builder's services were given.</summary>
    /// <inheritdoc cref="GetEndpoint"/>
    public static HttpClient CreateHttpClient(this DistributedApplication app, string resourceName, string? endpointName = null)
    {
        var address = app.GetEndpoint(resourceName, endpointName);
        var client = app.Services.GetRequiredService<IHttpClientFactory>().CreateClient();
        client.BaseAddress = address;
        return client;
    }

    /// <summary>A resource's connection string.</summary>
    /// <exception cref="InvalidOperationException">The application was not started.</exception>
    /// <exception cref="ArgumentException">There is no such resource, or it has no connection string.</exception>
    public static ValueTask<string?> GetConnectionStringAsync(this DistributedApplication app, string resourceName, CancellationToken cancellationToken = default) =>
        Find(app, resourceName) is IResourceWithConnectionString resource ? resource.GetConnectionStringAsync(cancellationToken)
            : throw new ArgumentException($"Resource '{resourceName}' has no connection string.", nameof(resourceName));

    /// <summary>Where a resource listens: an endpoint of this name, by default <c>http</c>, else <c>https</c>.</summary>
    /// <exception cref="InvalidOperationException">The application was not started.</exception>
    /// <exception cref="ArgumentException">There is no such resource, or no such endpoint.</exception>
    public static Uri GetEndpoint(this DistributedApplication app, string resourceName, string? endpointName = null)
    {
        var endpoints = Find(app, resourceName).Annotations.OfType<EndpointAnnotation>().Where(endpoint => endpoint.Url is not null).ToArray();
        var names = string.IsNullOrEmpty(endpointName) ? (string[])["http", "https"] : [endpointName];
        var found = names.Select(name => Array.Find(endpoints, endpoint => endpoint.Name == name)).FirstOrDefault(endpoint => endpoint is not null);
        return found is not null ? new Uri(found.Url!)
            : throw new ArgumentException($"Resource '{resourceName}' has no endpoint '{string.Join("' or '", names)}'; it has: {string.Join(", ", endpoints.Select(endpoint => endpoint.Name))}.", nameof(endpointName));
    }

    private static IResource Find(DistributedApplication app, string name)
    {
        if (!app.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.IsCancellationRequested)
        {
            throw new InvalidOperationException("The application is not started: call StartAsync before.");
        }
        return app.Services.GetRequiredService<IReadOnlyList<IResource>>().FirstOrDefault(resource => string.Equals(resource.Name, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"There is no resource '{name}'.", nameof(name));
    }
}
