using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace FlowPlatform.Dashboard.Streams;

/// <summary>A service did not do what it was asked; the message says why, in words for people.</summary>
internal sealed class ServiceCallException(string service, string message, bool refused, Exception? inner = null) : Exception(message, inner)
{
    public string Service { get; } = service;

    /// <summary>It answered and said no; false: there was no answer.</summary>
    public bool Refused { get; } = refused;
}

/// <summary>Calls the services' HTTP endpoints. Each call has a time limit and a bounded answer. Safe for concurrent use.</summary>
internal sealed class ServiceClient(ServiceAddresses addresses, TimeProvider clock) : IDisposable
{
    /// <summary>Bytes of the longest answer that is read. The status of 50 consumers of 30 partitions has 0.6 MB.</summary>
    private const int LargestAnswer = 8 * 1024 * 1024;

    /// <summary>Fields that are missing or new don't keep an answer from being read: services may be older or newer.</summary>
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    // The environment's proxy is not for the system's own addresses, and nobody is followed elsewhere with the key.
    private readonly HttpClient http = new(new SocketsHttpHandler
    {
        UseProxy = false, AllowAutoRedirect = false, UseCookies = false, MaxConnectionsPerServer = 8, ConnectTimeout = TimeSpan.FromSeconds(2), PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        MaxResponseContentBufferSize = LargestAnswer,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Gets JSON. Null where there is nothing of that kind (404).</summary>
    /// <param name="address">Whom to ask.</param>
    /// <param name="path">Path and query.</param>
    /// <param name="limit">Longest wait.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <param name="anyStatus">Read it whatever its status is, as health checks answer.</param>
    /// <exception cref="ServiceCallException">No answer, a refusal, or no JSON.</exception>
    public async Task<T?> GetAsync<T>(ServiceAddress address, string path, TimeSpan limit, CancellationToken cancellationToken, bool anyStatus = false)
        where T : class
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, At(address, path));
        return await SendAsync<T>(address, request, null, anyStatus, limit, cancellationToken);
    }

    /// <summary>Posts JSON, as somebody, and reads what is answered.</summary>
    /// <exception cref="ServiceCallException">No answer, or a refusal.</exception>
    public async Task<T?> PostAsync<T>(ServiceAddress address, string path, object body, string actor, TimeSpan limit, CancellationToken cancellationToken)
        where T : class
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, At(address, path)) { Content = JsonContent.Create(body, body.GetType()) };
        return await SendAsync<T>(address, request, actor, false, limit, cancellationToken);
    }

    public void Dispose() => http.Dispose();

    private static Uri At(ServiceAddress address, string path) => new($"{address.Url.AbsoluteUri.TrimEnd('/')}{path}");

    private async Task<T?> SendAsync<T>(ServiceAddress address, HttpRequestMessage request, string? actor, bool anyStatus, TimeSpan limit, CancellationToken cancellationToken)
        where T : class
    {
        if (addresses.AdminKey is { } key)
        {
            request.Headers.TryAddWithoutValidation("X-Flow-Key", key);
        }

        if (actor is not null)
        {
            request.Headers.TryAddWithoutValidation("X-Flow-Actor", actor);
        }

        using var limited = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limited.Token, cancellationToken);
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token);
            if (answer.StatusCode == HttpStatusCode.NotFound && request.Method == HttpMethod.Get)
            {
                return null;
            }

            return anyStatus || answer.IsSuccessStatusCode
                ? await answer.Content.ReadFromJsonAsync<T>(Json, either.Token)
                : throw new ServiceCallException(address.Service, $"{address.Service} refuses ({(int)answer.StatusCode}): {await WhyAsync(answer, either.Token)}", refused: true);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ServiceCallException(address.Service, $"{address.Service} does not answer within {limit.TotalSeconds:0.#} s at {address.Url.Authority}.", refused: false, e);
        }
        catch (HttpRequestException e)
        {
            throw new ServiceCallException(address.Service, $"{address.Service} does not answer at {address.Url.Authority}: {e.Message}", refused: false, e);
        }
        catch (JsonException e)
        {
            throw new ServiceCallException(address.Service, $"{address.Service} answers with something that can't be read: {e.Message}", refused: false, e);
        }
    }

    private static async Task<string> WhyAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            var problem = await answer.Content.ReadFromJsonAsync<Problem>(Json, cancellationToken);
            return problem?.Detail ?? problem?.Title ?? answer.ReasonPhrase ?? "";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return answer.StatusCode == HttpStatusCode.Unauthorized ? "the dashboard's FLOW_ADMIN_KEY is not this service's." : answer.ReasonPhrase ?? "";
        }
    }

    private sealed record Problem(string? Title, string? Detail);
}
