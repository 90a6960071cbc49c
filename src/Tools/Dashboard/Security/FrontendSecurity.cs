using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.HostFiltering;

namespace FlowPlatform.Dashboard.Security;

/// <summary>Whoever asks for anything but telemetry, health or the login must have logged in.</summary>
internal static class FrontendSecurity
{
    private static readonly TimeSpan SessionTime = TimeSpan.FromDays(7);

    public static void AddFrontendSecurity(this IServiceCollection services, FrontendAccess access, IConfiguration configuration, bool isLoopback)
    {
        services.AddSingleton(access);
        Keys.Add(services, access.KeyDirectory);
        services.AddAntiforgery(antiforgery =>
        {
            antiforgery.Cookie.Name = $"flow-antiforgery-{access.CookieSuffix}";
            antiforgery.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
        var authentication = services.AddAuthentication(options => options.DefaultScheme = CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(cookie => Configure(cookie, access));
        if (access.Mode == FrontendAuthMode.OpenIdConnect)
        {
            authentication.AddOpenIdConnect(Configure);
            services.Configure<AuthenticationOptions>(static options => options.DefaultChallengeScheme = OpenIdConnectDefaults.AuthenticationScheme);
        }

        services.AddAuthorization(authorization => authorization.DefaultPolicy = authorization.FallbackPolicy = Policy(access));
        services.AddCascadingAuthenticationState();
        Login.AddRateLimit(services);
        if (isLoopback && configuration["AllowedHosts"] is null or "")
        {
            // Another site whose name was made to lead here (DNS rebinding) is not answered.
            services.Configure<HostFilteringOptions>(static hosts => hosts.AllowedHosts = ["localhost", "127.0.0.1", "[::1]"]);
        }
    }

    /// <summary>Before everything but the OTLP endpoints' own check.</summary>
    public static void UseFrontendSecurity(this WebApplication app)
    {
        app.UseMiddleware<PageHeaders>();
        app.UseMiddleware<SameOrigin>();
        app.UseRateLimiter();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
    }

    private static AuthorizationPolicy Policy(FrontendAccess access)
    {
        var policy = new AuthorizationPolicyBuilder();
        return access switch
        {
            { Mode: FrontendAuthMode.Unsecured } => policy.RequireAssertion(static _ => true).Build(),
            { Mode: FrontendAuthMode.OpenIdConnect, RequiredClaimType: { } type, RequiredClaimValue: { } value } => policy.RequireAuthenticatedUser().RequireClaim(type, value).Build(),
            { Mode: FrontendAuthMode.OpenIdConnect, RequiredClaimType: { } type } => policy.RequireAuthenticatedUser().RequireClaim(type).Build(),
            _ => policy.RequireAuthenticatedUser().Build(),
        };
    }

    private static void Configure(CookieAuthenticationOptions cookie, FrontendAccess access)
    {
        cookie.Cookie.Name = $"flow-dashboard-{access.CookieSuffix}";
        cookie.Cookie.HttpOnly = true;
        cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        // An identity provider sends the browser back from its own site, where a strict cookie would stay at home.
        cookie.Cookie.SameSite = access.Mode == FrontendAuthMode.OpenIdConnect ? SameSiteMode.Lax : SameSiteMode.Strict;
        cookie.ExpireTimeSpan = SessionTime;
        cookie.LoginPath = Login.Path;
        cookie.AccessDeniedPath = "/denied";
        cookie.ReturnUrlParameter = Login.ReturnParameter;
        if (access.Mode == FrontendAuthMode.BrowserToken)
        {
            cookie.Events.OnValidatePrincipal = async context =>
            {
                if (context.Principal?.FindFirstValue(Login.TokenClaim) != access.TokenMark)
                {
                    context.RejectPrincipal();
                    await context.HttpContext.SignOutAsync();
                }
            };
        }
    }

    /// <summary>The rest is read from <c>Authentication:Schemes:OpenIdConnect</c> by the framework itself.</summary>
    private static void Configure(OpenIdConnectOptions oidc)
    {
        oidc.SignInScheme = CookieAuthenticationDefaults.AuthenticationScheme;
        // Comes back as a plain link, for which lax cookies do: they work without TLS, on loopback.
        oidc.ResponseType = "code";
        oidc.ResponseMode = "query";
        oidc.CorrelationCookie.SameSite = oidc.NonceCookie.SameSite = SameSiteMode.Lax;
        oidc.CorrelationCookie.SecurePolicy = oidc.NonceCookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        oidc.UsePkce = true;
        oidc.SaveTokens = false;
        oidc.MapInboundClaims = false;
        oidc.TokenValidationParameters.NameClaimType = "name";
        oidc.Events.OnRemoteFailure = static context =>
        {
            context.HandleResponse();
            context.Response.Redirect($"/denied?because={DeniedPage.NoAnswer}");
            return Task.CompletedTask;
        };
    }
}
