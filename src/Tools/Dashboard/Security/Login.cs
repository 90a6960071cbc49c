using System.Globalization;
using System.Security.Claims;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.RateLimiting;

namespace FlowPlatform.Dashboard.Security;

/// <summary>Logging in with the token, and out.</summary>
internal static class Login
{
    public const string Path = "/login";
    public const string LogoutPath = "/logout";
    public const string TokenParameter = "t";
    public const string ReturnParameter = "returnUrl";
    public const string TokenClaim = "flow:token";
    public const string RateLimit = "login";

    /// <summary>Logins of one address in a minute, right or wrong: nobody types faster, and 128 bits are not guessed in a thousand years.</summary>
    private const int MaxPerMinute = 30;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    public static void AddRateLimit(IServiceCollection services) => services.AddRateLimiter(static limiter =>
    {
        limiter.AddPolicy(RateLimit, static context => RateLimitPartition.GetFixedWindowLimiter(
            context.Connection.RemoteIpAddress, static _ => new FixedWindowRateLimiterOptions { PermitLimit = MaxPerMinute, Window = Window, QueueLimit = 0 }));
        limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        limiter.OnRejected = static async (rejected, cancellationToken) =>
        {
            rejected.HttpContext.Response.Headers.RetryAfter = Window.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            await rejected.HttpContext.Response.WriteAsync("Too many logins. Try again in a minute.", cancellationToken);
        };
    });

    public static void MapLogout(this WebApplication app) => app.MapPost(LogoutPath, static async (HttpContext http, IAntiforgery antiforgery) =>
    {
        if (!await antiforgery.IsRequestValidAsync(http))
        {
            return Results.BadRequest("The form is not of this page. Load the page again.");
        }

        await http.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        return Results.LocalRedirect(Path);
    }).RequireAuthorization(static anybody => anybody.RequireAuthenticatedUser()); // Who may see nothing may log out, too.

    /// <summary>Gives the cookie.</summary>
    public static Task SignInAsync(HttpContext http, FrontendAccess access) => http.SignInAsync(
        CookieAuthenticationDefaults.AuthenticationScheme,
        new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, "developer"), new Claim(TokenClaim, access.TokenMark)], CookieAuthenticationDefaults.AuthenticationScheme)),
        new AuthenticationProperties { IsPersistent = true });

    /// <summary>Where to go after the login: only within the dashboard.</summary>
    public static string Target(string? returnUrl) => returnUrl is ['/', not ('/' or '\\'), ..] && !returnUrl.Any(char.IsControl) ? returnUrl : "/";
}
