using FlowPlatform.Orchestration.Broker;
using Microsoft.Extensions.Configuration;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>
/// What the local orchestrator takes from the AppHost's configuration: <c>Flow:Data</c> (state; default <c>.flow/data</c> beside the AppHost),
/// <c>Flow:Broker</c> (auto, rabbitmq, install, docker) and <c>Flow:Console</c> (the resource whose output goes through to the console).
/// </summary>
internal sealed record OrchestratorSettings(string DataDirectory, BrokerSource BrokerSource, string? ConsoleResource)
{
    public string LogDirectory => Path.Combine(DataDirectory, "logs");

    /// <summary>Where services send telemetry.</summary>
    public TelemetrySettings Telemetry { get; init; } = new(null, null, null, IsDevelopment: false);

    public static OrchestratorSettings From(IConfiguration configuration, string appHostDirectory, bool isDevelopment)
    {
        var data = configuration["Flow:Data"] ?? Path.Combine(appHostDirectory, "..", ".flow", "data");
        var broker = configuration["Flow:Broker"] switch
        {
            null or "auto" => BrokerSource.Auto,
            "rabbitmq" => BrokerSource.Installed,
            "install" => BrokerSource.Packages,
            "docker" => BrokerSource.Container,
            var other => throw new ArgumentException($"Flow:Broker is '{other}'; it may be auto, rabbitmq, install or docker."),
        };
        return new OrchestratorSettings(Path.GetFullPath(data), broker, configuration["Flow:Console"]) { Telemetry = TelemetrySettings.From(configuration, isDevelopment) };
    }
}
