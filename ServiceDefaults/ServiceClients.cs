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
/// Sends <c>http://orders/…</c> to the address in configuration <c>services:orders:http:0</c>; with further indexes (replicas) in turn, and to the next where nobody listens: then nothing of the
/// request was sent. <c>https+http://orders</c> prefers https. A host that configuration doesn't know is left to DNS. Safe for concurrent use.
/// </summary>
internal sealed class ServiceDiscoveryHandler(IConfiguration configuration) : DelegatingHandler
{
    private uint turn;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri is not { IsAbsoluteUri: true } asked || Find(asked) is not { } found)
        {
            return await base.SendAsync(request, cancellationToken);
        }

        var first = found.Length == 1 ? 0 : Interlocked.Increment(ref turn);
        for (var attempt = 1; ; attempt++)
        {
            var at = found[(first + (uint)attempt - 1) % found.Length];
            request.RequestUri = new UriBuilder(asked) { Scheme = at.Scheme, Host = at.Host, Port = at.Port }.Uri;
            try
            {
                return await base.SendAsync(request, cancellationToken);
            }
            catch (HttpRequestException refused) when (refused.HttpRequestError == HttpRequestError.ConnectionError && attempt < found.Length)
            {
                continue; // The last one's fault is the caller's to know.
            }
        }
    }

    private Uri[]? Find(Uri asked)
    {
        foreach (var scheme in asked.Scheme.Split('+'))
        {
            var key = $"services:{asked.Host}:{scheme}";
            if (configuration[$"{key}:0"] is { } address)
            {
                return configuration[$"{key}:1"] is null ? [UrlOf(key, address)] : [.. configuration.GetSection(key).GetChildren().Select(child => UrlOf(key, child.Value!))];
            }
        }

        return null;
    }

    private static Uri UrlOf(string key, string address) => Uri.TryCreate(address, UriKind.Absolute, out var url)
        ? url
        : throw new InvalidOperationException($"Configuration '{key}' is no absolute URL: '{address}'.");
}
