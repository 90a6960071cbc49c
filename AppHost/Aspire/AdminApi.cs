using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace FlowPlatform.AppHost;

/// <summary>Asks a service what only administrators may. Each call has a time limit, and answers null, or why it was not done.</summary>
internal static class AdminApi
{
    private const string KeyHeader = "X-Flow-Key";
    private const int Page = 500;
    private const int PagesMax = 200;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(30);

    /// <summary>A check waits its turn, and then for quiet.</summary>
    private static readonly TimeSpan Limit = (2 * Quiet) + TimeSpan.FromSeconds(30);
    private static readonly HttpClient Client = new() { Timeout = Limit };

    /// <summary>Whether the invariants hold, by the simulator.</summary>
    public static Task<string?> CheckAsync(Uri simulator, string key, CancellationToken cancellationToken) => FaultOfAsync(async () =>
    {
        var answer = await SendAsync(HttpMethod.Post, new Uri(simulator, string.Create(CultureInfo.InvariantCulture, $"flow/check?wait={Quiet.TotalSeconds:0}")), key, null, cancellationToken);
        return answer.GetProperty("ok").GetBoolean() ? null
            : !answer.GetProperty("quiet").GetBoolean() ? $"Not quiet in time, so nothing can be said: {string.Join("; ", answer.GetProperty("obstacles").EnumerateArray().Select(item => item.GetString()))}"
            : string.Join("; ", answer.GetProperty("invariants").EnumerateArray().Where(item => !item.GetProperty("ok").GetBoolean()).Select(item => $"{item.GetProperty("name").GetString()}: {item.GetProperty("detail").GetString()}"));
    });

    /// <summary>Applies what a service's consumers have parked again.</summary>
    public static Task<string?> RedriveAsync(Uri service, string key, CancellationToken cancellationToken) => FaultOfAsync(async () =>
    {
        foreach (var consumer in await ConsumersWithParkedAsync(service, key, cancellationToken))
        {
            await SendAsync(HttpMethod.Post, new Uri(service, "flow/redrive"), key, new { consumer }, cancellationToken);
        }
        return null;
    });

    private static async Task<IReadOnlyCollection<string>> ConsumersWithParkedAsync(Uri service, string key, CancellationToken cancellationToken)
    {
        var consumers = new HashSet<string>(StringComparer.Ordinal);
        var after = "";
        for (var page = 0; page < PagesMax; page++)
        {
            var answer = await SendAsync(HttpMethod.Get, new Uri(service, string.Create(CultureInfo.InvariantCulture, $"flow/parked?limit={Page}{after}")), key, null, cancellationToken);
            consumers.UnionWith(answer.GetProperty("keys").EnumerateArray().Select(parked => parked.GetProperty("consumer").GetString()!));
            if (!answer.TryGetProperty("next", out var next) || next.ValueKind != JsonValueKind.String)
            {
                break;
            }
            after = $"&after={Uri.EscapeDataString(next.GetString()!)}";
        }
        return consumers;
    }

    private static async Task<JsonElement> SendAsync(HttpMethod method, Uri address, string key, object? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, address) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Add(KeyHeader, key);
        using var response = await Client.SendAsync(request, cancellationToken);
        if (response.StatusCode >= HttpStatusCode.BadRequest)
        {
            var said = await response.Content.ReadAsStringAsync(cancellationToken);
            throw new HttpRequestException(string.Create(CultureInfo.InvariantCulture, $"{method} {address.AbsolutePath} answers {(int)response.StatusCode}: {said}"));
        }
        return await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
    }

    /// <summary>What goes wrong on the way is told where the command was given.</summary>
    private static async Task<string?> FaultOfAsync(Func<Task<string?>> act)
    {
        try
        {
            return await act();
        }
        catch (HttpRequestException e)
        {
            return e.Message;
        }
        catch (OperationCanceledException e) when (e.InnerException is TimeoutException)
        {
            return string.Create(CultureInfo.InvariantCulture, $"No answer within {Limit.TotalSeconds:0} s.");
        }
    }
}
