using System.Globalization;
using FlowPlatform.Orchestration.Broker;
using Microsoft.Extensions.Configuration;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>
/// What the local orchestrator takes from the AppHost's configuration: <c>Flow:Data</c> (state; default <c>.flow/data</c> beside the AppHost),
/// <c>Flow:Broker</c> (auto, rabbitmq, install, docker; with embedded there is none), <c>Flow:Console</c> (the resource whose output goes through to the console),
/// <c>Flow:Detours</c> (ports that stand in front of a resource's endpoints), <c>Flow:MaxReplicas</c> (in how many processes a project may run),
/// <c>Flow:Without</c> (projects that somebody else starts, with commas) and <c>Flow:Watch</c> (true: projects are built and started anew when their sources change).
/// </summary>
internal sealed record OrchestratorSettings(string DataDirectory, BrokerSource BrokerSource, string? ConsoleResource)
{
    public string LogDirectory => Path.Combine(DataDirectory, "logs");

    /// <summary>Where services send telemetry.</summary>
    public TelemetrySettings Telemetry { get; init; } = new(null, null, null, IsDevelopment: false);

    /// <summary>Ports that others are told instead of where an endpoint listens, by resource and endpoint: <c>Flow:Detours:rabbitmq:stream = 21000</c>. Whoever asks for one forwards it.</summary>
    public IReadOnlyDictionary<(string Resource, string Endpoint), int> Detours { get; init; } = new Dictionary<(string, string), int>();

    /// <summary>In how many processes a project may run, changed while it runs: <c>Flow:MaxReplicas:orders = 32</c>. Those that aren't named stay as they are declared.</summary>
    public IReadOnlyDictionary<string, int> MaxReplicas { get; init; } = new Dictionary<string, int>();

    /// <summary>Whether projects are built and started anew when their sources change.</summary>
    public bool Watch { get; init; }

    /// <summary>Projects that somebody else starts.</summary>
    public IReadOnlySet<string> Without { get; init; } = new HashSet<string>();

    public static OrchestratorSettings From(IConfiguration configuration, string appHostDirectory, bool isDevelopment)
    {
        var data = configuration["Flow:Data"] ?? Path.Combine(appHostDirectory, "..", ".flow", "data");
        var broker = configuration["Flow:Broker"] switch
        {
            null or "auto" or "embedded" => BrokerSource.Auto,
            "rabbitmq" => BrokerSource.Installed,
            "install" => BrokerSource.Packages,
            "docker" => BrokerSource.Container,
            var other => throw new ArgumentException($"Flow:Broker is '{other}'; it may be auto, rabbitmq, install, docker or embedded."),
        };
        return new OrchestratorSettings(Path.GetFullPath(data), broker, configuration["Flow:Console"])
        {
            Telemetry = TelemetrySettings.From(configuration, isDevelopment),
            Detours = configuration.GetSection("Flow:Detours").GetChildren()
                .SelectMany(resource => resource.GetChildren().Select(endpoint => ((resource.Key, endpoint.Key), PortOf(endpoint))))
                .ToDictionary(),
            Watch = configuration["Flow:Watch"] switch
            {
                null or "" => false,
                var text => bool.TryParse(text, out var watch) ? watch : throw new ArgumentException($"Flow:Watch is '{text}'; it must be true or false."),
            },
            Without = (configuration["Flow:Without"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToHashSet(StringComparer.OrdinalIgnoreCase),
            MaxReplicas = configuration.GetSection("Flow:MaxReplicas").GetChildren().ToDictionary(resource => resource.Key, CountOf, StringComparer.OrdinalIgnoreCase),
        };
    }

    private static int CountOf(IConfigurationSection section) => int.TryParse(section.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= 1
        ? count
        : throw new ArgumentException($"{section.Path} is '{section.Value}'; it must be a number of replicas.");

    private static int PortOf(IConfigurationSection section) => int.TryParse(section.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= ushort.MaxValue
        ? port
        : throw new ArgumentException($"{section.Path} is '{section.Value}'; it must be a port.");
}
