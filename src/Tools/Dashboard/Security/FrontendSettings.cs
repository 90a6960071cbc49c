using System.Security.Cryptography;
using System.Text;

namespace FlowPlatform.Dashboard.Security;

/// <summary>Reads how the pages are protected: <c>Dashboard:Frontend:AuthMode</c>, <c>:BrowserToken</c> (or <c>ASPIRE_DASHBOARD_FRONTEND_BROWSERTOKEN</c>), <c>:OpenIdConnect:RequiredClaimType</c> and <c>…Value</c>, <c>ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS</c>.</summary>
internal static class FrontendSettings
{
    private const int MinTokenLength = 16;
    private const int TokenBytes = 16;

    /// <exception cref="DashboardSettingsException">A setting is wrong.</exception>
    public static FrontendAccess Read(IConfiguration configuration, bool isLoopback)
    {
        var frontend = configuration.GetSection("Dashboard:Frontend");
        var mode = Mode(Text(frontend["AuthMode"]), configuration.GetValue("ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS", false));
        if (mode == FrontendAuthMode.Unsecured && !isLoopback)
        {
            throw new DashboardSettingsException("Dashboard:Frontend:AuthMode Unsecured is for loopback only: pages show what services know, and can stop them. Listen on 127.0.0.1, or leave the mode at BrowserToken.");
        }

        if (mode == FrontendAuthMode.OpenIdConnect && (Scheme("Authority") is null || Scheme("ClientId") is null))
        {
            throw new DashboardSettingsException("Dashboard:Frontend:AuthMode is OpenIdConnect: Authentication:Schemes:OpenIdConnect:Authority and :ClientId must be set.");
        }

        var token = Text(frontend["BrowserToken"]) ?? Text(configuration["ASPIRE_DASHBOARD_FRONTEND_BROWSERTOKEN"]);
        if (token?.Length < MinTokenLength)
        {
            throw new DashboardSettingsException($"Dashboard:Frontend:BrowserToken has {token.Length} characters, which can be guessed; it must have at least {MinTokenLength}. Without it, one is made.");
        }

        var data = Text(configuration["FLOW_DATA"]);
        return new FrontendAccess
        {
            Mode = mode,
            BrowserToken = token ?? RandomNumberGenerator.GetHexString(2 * TokenBytes, lowercase: true),
            RequiredClaimType = Text(frontend["OpenIdConnect:RequiredClaimType"]),
            RequiredClaimValue = Text(frontend["OpenIdConnect:RequiredClaimValue"]),
            KeyDirectory = data is null ? null : Path.Combine(Path.GetFullPath(data), "keys"),
            CookieSuffix = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(data ?? "."))))[..8],
        };

        string? Scheme(string name) => Text(configuration[$"Authentication:Schemes:OpenIdConnect:{name}"]);
    }

    private static FrontendAuthMode Mode(string? text, bool anonymous) => text switch
    {
        null => anonymous ? FrontendAuthMode.Unsecured : FrontendAuthMode.BrowserToken,
        _ when Enum.TryParse<FrontendAuthMode>(text, ignoreCase: true, out var mode) && Enum.IsDefined(mode) => mode,
        _ => throw new DashboardSettingsException($"Dashboard:Frontend:AuthMode is '{text}'; it must be BrowserToken (the default), OpenIdConnect or Unsecured."),
    };

    private static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value;
}
