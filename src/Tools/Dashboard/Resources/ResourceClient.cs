using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace FlowPlatform.Dashboard.Resources;

/// <summary>The AppHost doesn't answer, or refuses; the message says why, in words for people.</summary>
/// <param name="message">For a page.</param>
/// <param name="code">What was refused, for programs; null if there was no answer.</param>
/// <param name="inner">What happened.</param>
internal sealed class ResourceServiceException(string message, string? code = null, Exception? inner = null) : Exception(message, inner)
{
    public string? Code { get; } = code;
}

/// <summary>Speaks with the AppHost's resource service. Safe for concurrent use.</summary>
internal sealed class ResourceClient : IDisposable
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);

    /// <summary>A resource may take 8 s to end in good order, and several replicas may follow each other.</summary>
    private static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(60);

    /// <summary>The service says something every 10 s.</summary>
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(30);

    private readonly ResourceSettings settings;
    private readonly TimeProvider clock;
    private readonly HttpClient http;

    public ResourceClient(ResourceSettings settings, TimeProvider clock)
    {
        (this.settings, this.clock) = (settings, clock);

        // The environment's proxy is not for an address of this machine, and nobody is followed elsewhere with the key.
        http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = ConnectLimit })
        {
            BaseAddress = settings.Url,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (settings.Key is { } key)
        {
            http.DefaultRequestHeaders.Add("X-Flow-Key", key);
        }
    }

    /// <summary>Whether there is a service to speak with.</summary>
    public bool IsConfigured => settings.Url is not null;

    /// <summary>All resources first, then each change, until the service ends it.</summary>
    /// <exception cref="ResourceServiceException">No answer, or a refusal.</exception>
    public IAsyncEnumerable<SseItem<string>> ChangesAsync(CancellationToken cancellationToken) => EventsAsync("/v1/resources/changes", cancellationToken);

    /// <summary>Lines after a number, as they come.</summary>
    /// <exception cref="ResourceServiceException">No answer, or a refusal.</exception>
    public IAsyncEnumerable<SseItem<string>> ConsoleAsync(string resource, string? instance, long after, int tail, CancellationToken cancellationToken) => EventsAsync(
        instance is null
            ? $"/v1/resources/{Uri.EscapeDataString(resource)}/console/changes?tail={tail}"
            : $"/v1/resources/{Uri.EscapeDataString(resource)}/console/changes?tail={tail}&instance={Uri.EscapeDataString(instance)}&after={after}",
        cancellationToken);

    /// <summary>Gives a command, and waits until it is done.</summary>
    /// <param name="resource">A resource, or a replica.</param>
    /// <param name="command">start, stop, restart or set-replicas.</param>
    /// <param name="replicas">For set-replicas.</param>
    /// <param name="cancellationToken">Ends the waiting, not the command.</param>
    /// <exception cref="ResourceServiceException">It was not done; the message says why.</exception>
    public async Task CommandAsync(string resource, string command, int? replicas, CancellationToken cancellationToken)
    {
        using var limited = new CancellationTokenSource(CommandLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limited.Token, cancellationToken);
        try
        {
            using var answer = await http.PostAsJsonAsync($"/v1/resources/{Uri.EscapeDataString(resource)}/commands/{Uri.EscapeDataString(command)}", new { replicas }, either.Token);
            await CheckAsync(answer, either.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ResourceServiceException($"The AppHost has not answered within {CommandLimit.TotalSeconds:0} s; the command may still be carried out.", inner: e);
        }
        catch (HttpRequestException e)
        {
            throw NoAnswer(e);
        }
    }

    public void Dispose() => http.Dispose();

    private async IAsyncEnumerable<SseItem<string>> EventsAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var answer = await OpenAsync(path, silence.Token, cancellationToken);
        await using var body = await answer.Content.ReadAsStreamAsync(silence.Token);
        await using var events = SseParser.Create(body).EnumerateAsync(silence.Token).GetAsyncEnumerator(silence.Token);
        silence.CancelAfter(SilenceLimit);
        while (await NextAsync(events, cancellationToken))
        {
            silence.CancelAfter(SilenceLimit);
            yield return events.Current;
        }
    }

    private async Task<HttpResponseMessage> OpenAsync(string path, CancellationToken silence, CancellationToken cancellationToken)
    {
        HttpResponseMessage? answer = null;
        try
        {
            answer = await http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, silence).WaitAsync(ConnectLimit, clock, cancellationToken);
            await CheckAsync(answer, cancellationToken);
            return answer;
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException)
        {
            answer?.Dispose();
            throw NoAnswer(e);
        }
        catch (ResourceServiceException)
        {
            answer?.Dispose();
            throw;
        }
    }

    private static async Task<bool> NextAsync(IAsyncEnumerator<SseItem<string>> events, CancellationToken cancellationToken)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ResourceServiceException($"The AppHost has said nothing for {SilenceLimit.TotalSeconds:0} s.", inner: e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new ResourceServiceException($"The connection to the AppHost was lost: {e.Message}", inner: e);
        }
    }

    private static async Task CheckAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.IsSuccessStatusCode)
        {
            return;
        }

        try
        {
            var problem = await answer.Content.ReadFromJsonAsync<Problem>(cancellationToken);
            throw new ResourceServiceException(problem?.Detail ?? $"The AppHost refuses ({(int)answer.StatusCode}).", problem?.Code ?? "unknown");
        }
        catch (JsonException e)
        {
            throw new ResourceServiceException($"The AppHost refuses ({(int)answer.StatusCode}).", "unknown", e);
        }
    }

    private static ResourceServiceException NoAnswer(Exception cause) => new($"The AppHost doesn't answer: {cause.Message}", inner: cause);

    private sealed record Problem(string? Code, string? Detail);
}
