using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using FlowPlatform.Events;
using Microsoft.AspNetCore.Mvc;

namespace Simulator.Replay;

/// <summary>
/// Calls services that may be down, busy or restarting: tries again, with the same ids, until it is answered or cancelled. Safe for concurrent use.
/// </summary>
internal sealed class ServiceCalls(IHttpClientFactory clients, TimeProvider clock)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    /// <summary>A service that asks for more is asked again all the same: it may have said so before it was restarted.</summary>
    private static readonly TimeSpan LongestAsked = TimeSpan.FromSeconds(60);

    /// <summary>The latest fault that was tried again, for whoever wonders what it waits for; null once a call succeeds.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Posts a body until it is accepted.</summary>
    /// <exception cref="SimulatorException">The service refuses it for good.</exception>
    public Task<T> PostAsync<T>(string service, string path, object body, CancellationToken cancellationToken)
    {
        var json = FlowJson.Serialize(body);
        return SendAsync<T>(
            service,
            () => new HttpRequestMessage(HttpMethod.Post, path)
            {
                Content = new ByteArrayContent(json) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
            },
            cancellationToken);
    }

    /// <summary>Gets an answer, however long it takes.</summary>
    /// <exception cref="SimulatorException">The service refuses it for good.</exception>
    public Task<T> GetAsync<T>(string service, string path, CancellationToken cancellationToken) =>
        SendAsync<T>(service, () => new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);

    /// <summary>Asks once, for at most two seconds; null if there is no answer.</summary>
    public async Task<T?> TryGetAsync<T>(string service, string path, CancellationToken cancellationToken)
        where T : class
    {
        using var limit = new CancellationTokenSource(Longest, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var client = clients.CreateClient(service);
            using var response = await client.GetAsync(path, either.Token);
            return response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync<T>(FlowJson.Options, either.Token) : null;
        }
        catch (Exception fault) when (IsTransient(fault, cancellationToken) || fault is JsonException)
        {
            return null;
        }
    }

    private async Task<T> SendAsync<T>(string service, Func<HttpRequestMessage> create, CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            var asked = TimeSpan.Zero;
            try
            {
                using var client = clients.CreateClient(service);
                using var request = create();
                using var response = await client.SendAsync(request, cancellationToken);
                if (response.IsSuccessStatusCode)
                {
                    var answer = await response.Content.ReadFromJsonAsync<T>(FlowJson.Options, cancellationToken);
                    Trouble = null;
                    return answer ?? throw new SimulatorException($"{service} answered {request.RequestUri} with null.");
                }

                var problem = await DescribeAsync(response, cancellationToken);
                Trouble = $"{service}: {problem}";
                if (!IsTransient(response.StatusCode))
                {
                    throw new SimulatorException($"{service} refused {request.Method} {request.RequestUri?.AbsolutePath}: {problem}");
                }

                asked = AskedFor(response);
            }
            catch (Exception fault) when (IsTransient(fault, cancellationToken))
            {
                Trouble = $"{service}: {fault.Message}";
            }

            // All who were told the same time don't come at the same time: the delay spreads them.
            await Task.Delay(asked + DelayAfter(failures), clock, cancellationToken);
        }
    }

    private static bool IsTransient(HttpStatusCode status) => (int)status >= 500 || status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests;

    private static bool IsTransient(Exception fault, CancellationToken cancellationToken) =>
        fault is HttpRequestException or IOException || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    /// <summary>Retry-After, in seconds or as a date; nothing where there is none.</summary>
    private TimeSpan AskedFor(HttpResponseMessage response)
    {
        var asked = response.Headers.RetryAfter switch
        {
            { Delta: { } seconds } => seconds,
            { Date: { } date } => date - clock.GetUtcNow(),
            _ => TimeSpan.Zero,
        };
        return asked < TimeSpan.Zero ? TimeSpan.Zero : asked > LongestAsked ? LongestAsked : asked;
    }

    private static TimeSpan DelayAfter(int failures)
    {
        var delay = Shortest * Math.Pow(2, Math.Min(failures, 10));
        delay = delay > Longest ? Longest : delay;
#pragma warning disable CA5394 // Spreads load; protects nothing.
        return delay * (1 - (Random.Shared.NextDouble() / 2));
#pragma warning restore CA5394
    }

    private static async Task<string> DescribeAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = $"{(int)response.StatusCode} {response.ReasonPhrase}";
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json")
        {
            return status;
        }

        var problem = await response.Content.ReadFromJsonAsync<HttpValidationProblemDetails>(cancellationToken);
        return $"{status}: {problem?.Detail ?? problem?.Title}";
    }
}
