using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace FlowPlatform.Cli;

/// <summary>Calls the services of an AppHost. Every call has a time limit, and every failure a sentence.</summary>
internal sealed class ServiceClient : IDisposable
{
    private const int LargestAnswer = 64 * 1024 * 1024;
    private const int LongestActor = 64;
    private const string KeyHeader = "X-Flow-Key";

    /// <summary>Who asks, for the audit: a header has no other letters.</summary>
    private static readonly string Actor = string.Concat(Environment.UserName.Where(static letter => letter is > ' ' and <= '~').Take(LongestActor));

    private readonly HttpClient http = new() { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = LargestAnswer };
    private readonly RunningAppHost host;
    private readonly TimeSpan limit;
    private readonly TimeProvider clock;

    public ServiceClient(RunningAppHost host, TimeSpan limit, TimeProvider clock) => (this.host, this.limit, this.clock) = (host, limit, clock);

    /// <summary>The services with their addresses; a row per replica.</summary>
    public IEnumerable<(string Name, Uri Url)> Services => host.Urls.SelectMany(service => service.Value.Select(url => (service.Key, url)));

    public void Dispose() => http.Dispose();

    /// <summary>The address of a service.</summary>
    /// <exception cref="CliException">The AppHost has no such service.</exception>
    public Uri UrlOf(string service) => host.Urls.GetValueOrDefault(service) is [var url, ..]
        ? url
        : throw new CliException(ExitCode.Misuse, $"There is no service '{service}' here; there are {string.Join(", ", host.Urls.Keys)}.");

    /// <summary>The same, of all replicas.</summary>
    /// <exception cref="CliException">The AppHost has no such service.</exception>
    public IReadOnlyList<Uri> UrlsOf(string service) => host.Urls.GetValueOrDefault(service) is { Count: > 0 } urls ? urls : [UrlOf(service)];

    /// <summary>Gets JSON; null if there is nothing at that path.</summary>
    /// <exception cref="CliException">No answer, or a refusal.</exception>
    public async Task<JsonElement?> FindAsync(string service, Uri url, string path, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(service, () => new HttpRequestMessage(HttpMethod.Get, At(url, path)), limit, cancellationToken);
        return answer.StatusCode == HttpStatusCode.NotFound ? null : await ReadAsync(service, answer, cancellationToken);
    }

    /// <summary>Gets JSON whatever the status is, as a health check answers.</summary>
    public async Task<JsonElement> GetAnyAsync(string service, Uri url, string path, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(service, () => new HttpRequestMessage(HttpMethod.Get, At(url, path)), limit, cancellationToken);
        return await ParseAsync(service, answer, cancellationToken);
    }

    /// <summary>Posts, with the admin key.</summary>
    /// <exception cref="CliException">No answer, or a refusal.</exception>
    public Task<JsonElement> PostAsync(string service, string path, object? body, CancellationToken cancellationToken, TimeSpan? longer = null) =>
        PostAsync(service, UrlOf(service), path, body, longer ?? limit, cancellationToken);

    /// <summary>Posts to one of a service's replicas, with the admin key.</summary>
    /// <exception cref="CliException">No answer, or a refusal.</exception>
    public async Task<JsonElement> PostAsync(string service, Uri url, string path, object? body, TimeSpan time, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(
            service, () => new HttpRequestMessage(HttpMethod.Post, At(url, path)) { Content = body is null ? null : JsonContent.Create(body, body.GetType()) }, time, cancellationToken);
        return await ReadAsync(service, answer, cancellationToken);
    }

    /// <summary>Asks the AppHost's resource service, or commands it.</summary>
    /// <exception cref="CliException">No answer, or a refusal.</exception>
    public async Task<JsonElement> ResourcesAsync(ResourceService resources, HttpMethod method, string path, TimeSpan time, CancellationToken cancellationToken)
    {
        const string AppHost = "The AppHost";
        using var answer = await SendAsync(
            AppHost,
            () =>
            {
                var request = new HttpRequestMessage(method, At(resources.Url, path));
                request.Headers.Add(KeyHeader, resources.Key);
                return request;
            },
            time,
            cancellationToken);
        return await ReadAsync(AppHost, answer, cancellationToken);
    }

    private static Uri At(Uri url, string path) => new($"{url.AbsoluteUri.TrimEnd('/')}{path}");

    private async Task<HttpResponseMessage> SendAsync(string service, Func<HttpRequestMessage> create, TimeSpan time, CancellationToken cancellationToken)
    {
        using var request = create();
        if (host.AdminKey is { } key && !request.Headers.Contains(KeyHeader))
        {
            request.Headers.TryAddWithoutValidation(KeyHeader, key);
        }

        if (Actor.Length > 0)
        {
            request.Headers.TryAddWithoutValidation("X-Flow-Actor", Actor);
        }

        using var limited = new CancellationTokenSource(time, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limited.Token, cancellationToken);
        try
        {
            return await http.SendAsync(request, either.Token);
        }
        catch (HttpRequestException fault)
        {
            throw new CliException(ExitCode.Unreachable, $"{service} does not answer at {request.RequestUri!.GetLeftPart(UriPartial.Authority)}: {fault.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CliException(ExitCode.Unreachable, string.Create(CultureInfo.InvariantCulture, $"{service} does not answer {request.RequestUri!.AbsolutePath} within {time.TotalSeconds:0.#} s (--timeout)."));
        }
    }

    private static async Task<JsonElement> ReadAsync(string service, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.IsSuccessStatusCode)
        {
            return await ParseAsync(service, answer, cancellationToken);
        }

        var code = answer.StatusCode switch
        {
            HttpStatusCode.BadRequest => ExitCode.Misuse,
            HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => ExitCode.Unreachable,
            _ => ExitCode.Refused,
        };
        throw new CliException(code, $"{service} refuses ({(int)answer.StatusCode}): {await WhyAsync(answer, cancellationToken)}");
    }

    private static async Task<string> WhyAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
            return problem.Text("detail") ?? problem.Text("title") ?? answer.ReasonPhrase ?? "";
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return answer.StatusCode switch
            {
                HttpStatusCode.Unauthorized => "the admin key is not this service's.",
                HttpStatusCode.NotFound => "it has no such endpoint, or no admin key.",
                _ => answer.ReasonPhrase ?? "",
            };
        }
    }

    private static async Task<JsonElement> ParseAsync(string service, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        }
        catch (JsonException fault)
        {
            throw new CliException(ExitCode.Unreachable, $"{service} answers with something that is no JSON: {fault.Message}");
        }
    }
}
