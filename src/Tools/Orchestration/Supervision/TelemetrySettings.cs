using Microsoft.Extensions.Configuration;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>
/// Where services send telemetry, by Aspire's settings: a dashboard's gRPC endpoint before its HTTP one, and its key. Without them a service inherits the AppHost's own
/// <c>OTEL_EXPORTER_OTLP_*</c>; without those it exports nothing (Aspire then names a default address; here nobody would listen there).
/// </summary>
internal sealed record TelemetrySettings(string? Endpoint, string? Protocol, string? Headers, bool IsDevelopment)
{
    private const string Endpoints = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Whether anybody listens.</summary>
    public bool HasCollector => Endpoint is not null || Inherits(Endpoints);

    public static TelemetrySettings From(IConfiguration configuration, bool isDevelopment)
    {
        var (endpoint, protocol) = First(configuration, "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", "DOTNET_DASHBOARD_OTLP_ENDPOINT_URL") is { } grpc ? (grpc, "grpc")
            : First(configuration, "ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL", "DOTNET_DASHBOARD_OTLP_HTTP_ENDPOINT_URL") is { } http ? (http, "http/protobuf")
            : ((string?)null, (string?)null);
        var key = configuration["AppHost:OtlpApiKey"];
        return new TelemetrySettings(endpoint, protocol, endpoint is not null && !string.IsNullOrEmpty(key) ? $"x-otlp-api-key={key}" : null, isDevelopment);
    }

    /// <summary>
    /// The variables of a service. What is only of use in development is set there or where somebody listens, and never over what the AppHost's own environment says.
    /// </summary>
    public IEnumerable<(string Name, string Value)> Variables(string serviceName, string instanceId)
    {
        yield return ("OTEL_SERVICE_NAME", serviceName);
        yield return ("OTEL_RESOURCE_ATTRIBUTES", $"service.instance.id={instanceId}");
        yield return ("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY", "in_memory");
        foreach (var (name, value) in new[] { (Endpoints, Endpoint), ("OTEL_EXPORTER_OTLP_PROTOCOL", Protocol), ("OTEL_EXPORTER_OTLP_HEADERS", Headers) })
        {
            if (value is not null)
            {
                yield return (name, value);
            }
        }
        foreach (var (name, value) in WhileDeveloping().Where(variable => !Inherits(variable.Name)))
        {
            yield return (name, value);
        }
    }

    private IEnumerable<(string Name, string Value)> WhileDeveloping()
    {
        const string SoonMilliseconds = "1000";
        if (IsDevelopment || HasCollector)
        {
            yield return ("OTEL_BSP_SCHEDULE_DELAY", SoonMilliseconds);
            yield return ("OTEL_BLRP_SCHEDULE_DELAY", SoonMilliseconds);
            yield return ("OTEL_METRIC_EXPORT_INTERVAL", SoonMilliseconds);
            yield return ("OTEL_TRACES_SAMPLER", "always_on");
            yield return ("OTEL_METRICS_EXEMPLAR_FILTER", "trace_based");
        }
        if (IsDevelopment)
        {
            yield return ("OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION", "true");
            yield return ("OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION", "true");
            yield return ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true");
        }
    }

    private static bool Inherits(string name) => !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(name));

    private static string? First(IConfiguration configuration, params string[] names) =>
        names.Select(name => configuration[name]).FirstOrDefault(value => !string.IsNullOrWhiteSpace(value));
}
