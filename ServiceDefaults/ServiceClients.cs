using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ServiceDefaults;

/// <summary>Defaults of every <see cref="HttpClient"/> from the factory: services by name, time limits, connections that are renewed.</summary>
internal static class ServiceClients
{
    public static void AddServiceClients(this IHostApplicationBuilder builder)
    {
        builder.Services.AddTransient<ServiceDiscoveryHandler>();
        builder.Services.ConfigureHttpClientDefaults(http => http
            .ConfigureHttpClient(client => client.Timeout = TimeSpan.FromSeconds(30))
            .UseSocketsHttpHandler((handler, _) =>
            {
                handler.ConnectTimeout = TimeSpan.FromSeconds(5);
                handler.PooledConnectionLifetime = TimeSpan.FromMinutes(2);
                handler.PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1);
            })
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .AddHttpMessageHandler<ServiceDiscoveryHandler>());
    }
}

/// <summary>
/// Sends <c>http://orders/…</c> to the address in configuration <c>services:orders:http:0</c>; with further indexes in turn. <c>https+http://orders</c> prefers https.
/// A host that configuration doesn't know is left to DNS. Safe for concurrent use.
/// </summary>
internal sealed class ServiceDiscoveryHandler(IConfiguration configuration) : DelegatingHandler
{
    private uint turn;

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri is { IsAbsoluteUri: true } asked && Find(asked) is { } found)
        {
            request.RequestUri = new UriBuilder(asked) { Scheme = found.Scheme, Host = found.Host, Port = found.Port }.Uri;
        }

        return base.SendAsync(request, cancellationToken);
    }

    private Uri? Find(Uri asked)
    {
        foreach (var scheme in asked.Scheme.Split('+'))
        {
            var key = $"services:{asked.Host}:{scheme}";
            if (configuration[$"{key}:0"] is not { } address)
            {
                continue;
            }

            if (configuration[$"{key}:1"] is not null)
            {
                var addresses = configuration.GetSection(key).GetChildren().Select(child => child.Value!).ToArray();
                address = addresses[Interlocked.Increment(ref turn) % addresses.Length];
            }

            return Uri.TryCreate(address, UriKind.Absolute, out var uri)
                ? uri
                : throw new InvalidOperationException($"Configuration '{key}' is no absolute URL: '{address}'.");
        }

        return null;
    }
}
