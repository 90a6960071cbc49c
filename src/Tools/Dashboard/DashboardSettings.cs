using System.Net;
using FlowPlatform.Dashboard.Security;
using FlowPlatform.Dashboard.Storage;

namespace FlowPlatform.Dashboard;

/// <summary>A setting can't be followed.</summary>
internal sealed class DashboardSettingsException(string message) : Exception(message);

/// <summary>
/// What the environment says, by the names of Aspire's dashboard where it has them: <c>ASPNETCORE_URLS</c>, <c>ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL</c> (gRPC),
/// <c>ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL</c>, <c>Dashboard:Otlp:AuthMode</c> and <c>:PrimaryApiKey</c>, <c>Dashboard:Frontend:…</c> (<see cref="FrontendSettings"/>). <c>FLOW_DATA</c> says where, <c>FLOW_RUN</c> which run, <c>Dashboard:TelemetryLimits:…</c> how much.
/// </summary>
internal sealed record DashboardSettings
{
    private const string AnyLoopbackPort = "http://127.0.0.1:0";

    /// <summary>Where pages are.</summary>
    public required IReadOnlyList<Uri> Urls { get; init; }

    /// <summary>OTLP over gRPC; default a free port on loopback.</summary>
    public required Uri OtlpGrpc { get; init; }

    /// <summary>OTLP over HTTP; default a free port on loopback.</summary>
    public required Uri OtlpHttp { get; init; }

    /// <summary>What senders must know; null: nothing, which must be said (Unsecured), and is for loopback only.</summary>
    public required string? OtlpKey { get; init; }

    public required FrontendAccess Frontend { get; init; }

    public required TelemetryOptions Telemetry { get; init; }

    /// <summary>Whether nobody from another machine can reach the pages.</summary>
    public bool HasLoopbackPages => Urls.All(IsLoopback);

    /// <summary>Whether nothing can be reached from another machine.</summary>
    public bool IsLoopbackOnly => HasLoopbackPages && IsLoopback(OtlpGrpc) && IsLoopback(OtlpHttp);

    /// <exception cref="DashboardSettingsException">A setting is missing or wrong.</exception>
    public static DashboardSettings From(IConfiguration configuration)
    {
        List<Uri> urls = [.. (First(configuration, "urls", "ASPNETCORE_URLS") ?? AnyLoopbackPort).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(ToUri)];
        var settings = new DashboardSettings
        {
            Urls = urls,
            OtlpGrpc = ToUri(First(configuration, "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL") ?? AnyLoopbackPort),
            OtlpHttp = ToUri(First(configuration, "ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL") ?? AnyLoopbackPort),
            OtlpKey = Key(configuration),
            Frontend = FrontendSettings.Read(configuration, urls.TrueForAll(IsLoopback)),
            Telemetry = ReadTelemetry(configuration),
        };
        return settings.OtlpKey is not null || (IsLoopback(settings.OtlpGrpc) && IsLoopback(settings.OtlpHttp))
            ? settings
            : throw new DashboardSettingsException("Dashboard:Otlp:AuthMode Unsecured is for loopback only. Set Dashboard:Otlp:PrimaryApiKey, or listen on 127.0.0.1.");
    }

    private static string? Key(IConfiguration configuration)
    {
        var key = First(configuration, "Dashboard:Otlp:PrimaryApiKey");
        return (First(configuration, "Dashboard:Otlp:AuthMode") ?? "ApiKey") switch
        {
            "Unsecured" => null,
            "ApiKey" => key ?? throw new DashboardSettingsException("Dashboard:Otlp:PrimaryApiKey is missing: without a key nobody may send telemetry. To take it from everybody on this machine, set Dashboard:Otlp:AuthMode to Unsecured."),
            var mode => throw new DashboardSettingsException($"Dashboard:Otlp:AuthMode is '{mode}'; it must be ApiKey (the default) or Unsecured."),
        };
    }

    private static TelemetryOptions ReadTelemetry(IConfiguration configuration)
    {
        var limits = configuration.GetSection("Dashboard:TelemetryLimits");
        var defaults = new TelemetryOptions { Directory = Path.Combine(First(configuration, "FLOW_DATA") ?? Path.Combine(".flow", "dashboard"), "telemetry"), RunKey = First(configuration, "FLOW_RUN") };
        if (defaults.RunKey?.All(static c => char.IsAsciiLetterOrDigit(c) || c == '-') == false)
        {
            throw new DashboardSettingsException($"FLOW_RUN is '{defaults.RunKey}'; it may have letters, digits and dashes.");
        }

        return defaults with
        {
            MaxTraceBytes = Positive("MaxTraceBytes", defaults.MaxTraceBytes),
            MaxLogBytes = Positive("MaxLogBytes", defaults.MaxLogBytes),
            MaxMetricBytes = Positive("MaxMetricBytes", defaults.MaxMetricBytes),
            MaxTotalBytes = Positive("MaxTotalBytes", defaults.MaxTotalBytes),
            MaxWaitingBytes = Positive("MaxWaitingBytes", defaults.MaxWaitingBytes),
            MaxRuns = (int)Positive("MaxRuns", defaults.MaxRuns),
            MaxSpansPerTrace = (int)Positive("MaxSpansPerTrace", defaults.MaxSpansPerTrace),
            MaxSeries = (int)Positive("MaxSeries", defaults.MaxSeries),
            MaxAge = limits.GetValue("MaxAge", defaults.MaxAge) is var age && age > TimeSpan.Zero ? age : throw new DashboardSettingsException("Dashboard:TelemetryLimits:MaxAge must be a time above zero, such as 7.00:00:00."),
        };

        long Positive(string name, long unset) => limits.GetValue(name, unset) is > 0 and <= 1L << 50 and var value ? value : throw new DashboardSettingsException($"Dashboard:TelemetryLimits:{name} must be above zero.");
    }

    private static Uri ToUri(string text) =>
        Uri.TryCreate(text.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new DashboardSettingsException($"'{text}' is no address to listen on; one is like http://127.0.0.1:18888.");

    private static bool IsLoopback(Uri uri) => uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static string? First(IConfiguration configuration, params string[] names) => names.Select(name => configuration[name]).FirstOrDefault(static value => !string.IsNullOrWhiteSpace(value));
}
