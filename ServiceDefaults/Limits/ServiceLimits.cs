using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace ServiceDefaults.Limits;

/// <summary>How much a service takes on, from the settings; every number has a default that a service under load doesn't notice and an accident does.</summary>
internal sealed record ServiceLimits
{
    /// <summary>Greatest request body in bytes, <c>FLOW_MAX_REQUEST_BODY</c>; endpoints that need more or less say so themselves. 4 MiB.</summary>
    public required long MaxBody { get; init; }

    /// <summary>Open connections, <c>FLOW_MAX_CONNECTIONS</c>; further ones are closed at once. 5,000: some 100 MB of buffers at worst.</summary>
    public required int MaxConnections { get; init; }

    /// <summary>
    /// Requests in work at once, <c>FLOW_MAX_CONCURRENT_REQUESTS</c>; as many wait, further ones get 503. 1,000: the store's one writer takes 4,096 waiting units, so it is never the
    /// store that has to refuse.
    /// </summary>
    public required int MaxConcurrent { get; init; }

    /// <summary>Time for one request, <c>FLOW_REQUEST_TIMEOUT</c> in seconds. 30.</summary>
    public required TimeSpan RequestTimeout { get; init; }

    /// <summary>Requests a second of one client address, <c>FLOW_CLIENT_RATE</c>; null: no limit (the default: behind a proxy all clients have one address).</summary>
    public required int? ClientRate { get; init; }

    /// <summary>How many of them may come at once, <c>FLOW_CLIENT_BURST</c>; twice the rate.</summary>
    public required int ClientBurst { get; init; }

    /// <summary>The same for administrative verbs, <c>FLOW_ADMIN_RATE</c>: 10, and 20 at once. It also makes guessing the key pointless.</summary>
    public required int AdminRate { get; init; }

    /// <summary>Reads the settings.</summary>
    /// <exception cref="InvalidOperationException">One is no whole number of at least 1; the message names it.</exception>
    public static ServiceLimits From(IConfiguration configuration)
    {
        var rate = Number("FLOW_CLIENT_RATE");
        return new ServiceLimits
        {
            MaxBody = Number("FLOW_MAX_REQUEST_BODY") ?? 4 * 1024 * 1024,
            MaxConnections = Number("FLOW_MAX_CONNECTIONS") ?? 5_000,
            MaxConcurrent = Number("FLOW_MAX_CONCURRENT_REQUESTS") ?? 1_000,
            RequestTimeout = TimeSpan.FromSeconds(Number("FLOW_REQUEST_TIMEOUT") ?? 30),
            ClientRate = rate,
            ClientBurst = Number("FLOW_CLIENT_BURST") ?? 2 * (rate ?? 1),
            AdminRate = Number("FLOW_ADMIN_RATE") ?? 10,
        };

        int? Number(string key) => configuration[key] is not { Length: > 0 } text ? null
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 1_000_000_000 ? number
            : throw new InvalidOperationException($"{key} is '{text}'. It must be a whole number from 1 to 1,000,000,000.");
    }
}
