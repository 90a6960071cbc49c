using Microsoft.Extensions.Configuration;

namespace ServiceDefaults.Containers;

/// <summary>
/// <c>dotnet X.dll healthcheck</c>: asks the service that runs in the same container for its health. Chiselled images have neither a shell nor curl, so the service's own program is what an engine can run.
/// </summary>
public static class SelfProbe
{
    /// <summary>The verb.</summary>
    public const string Verb = "healthcheck";

    private const int Healthy = 0;
    private const int Unhealthy = 1;
    private const int Misuse = 2;
    private const int AnswerCharactersMax = 1_000;

    /// <summary>Longer than a health check of the service may take, shorter than an engine waits.</summary>
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(5);

    /// <summary>Whether the command line asks for the probe instead of the service.</summary>
    public static bool IsAskedFor(string[] args) => args is [Verb, ..];

    /// <summary>
    /// Asks the address that the environment gives the service (<c>ASPNETCORE_URLS</c>, else <c>ASPNETCORE_HTTP_PORTS</c>, else port 8080 as the images have it), on loopback, for <c>/health</c>, or for the path
    /// that follows the verb. Within 5 s.
    /// </summary>
    /// <returns>0: it answered 200. 1: it answered something else or nothing; standard error says what. 2: the command line or the address can't be followed.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddEnvironmentVariables("ASPNETCORE_").Build();
        return await RunAsync(args, configuration, Console.Error, TimeLimit);
    }

    internal static async Task<int> RunAsync(string[] args, IConfiguration configuration, TextWriter errors, TimeSpan timeLimit)
    {
        if (args is not ([Verb] or [Verb, ['/', ..]]))
        {
            await errors.WriteLineAsync($"Usage: {Verb} [/path]");
            return Misuse;
        }
        if (AddressOf(configuration) is not { } address)
        {
            await errors.WriteLineAsync($"ASPNETCORE_URLS is '{configuration["URLS"]}': no http address to ask.");
            return Misuse;
        }
        return await AskAsync(new Uri(address, args.Length > 1 ? args[1] : "/health"), errors, timeLimit);
    }

    private static async Task<int> AskAsync(Uri address, TextWriter errors, TimeSpan timeLimit)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        using var http = new HttpClient(handler) { Timeout = timeLimit };
        try
        {
            using var answer = await http.GetAsync(address);
            if (answer.StatusCode == System.Net.HttpStatusCode.OK)
            {
                return Healthy;
            }
            var text = await answer.Content.ReadAsStringAsync();
            await errors.WriteLineAsync($"{address} answered {(int)answer.StatusCode}: {text[..Math.Min(text.Length, AnswerCharactersMax)]}");
        }
        catch (HttpRequestException e)
        {
            await errors.WriteLineAsync($"{address} doesn't answer: {e.Message}");
        }
        catch (TaskCanceledException)
        {
            await errors.WriteLineAsync($"{address} doesn't answer within {timeLimit.TotalSeconds:0.#} s.");
        }
        return Unhealthy;
    }

    /// <summary>The first plain address that the service listens on; whichever interface that is, it is asked on loopback unless one is named.</summary>
    private static Uri? AddressOf(IConfiguration configuration)
    {
        const string Standard = "8080";
        var urls = configuration["URLS"] is { Length: > 0 } given ? given : $"http://*:{configuration["HTTP_PORTS"]?.Split(';')[0] ?? Standard}";
        return urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(url => url.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            .Select(url => Uri.TryCreate(OnLoopback(url), UriKind.Absolute, out var address) ? address : null)
            .FirstOrDefault(address => address is not null);
    }

    private static string OnLoopback(string url)
    {
        foreach (var any in new[] { "://*", "://+", "://0.0.0.0", "://[::]" })
        {
            url = url.Replace(any, "://127.0.0.1", StringComparison.Ordinal);
        }
        return url;
    }
}
