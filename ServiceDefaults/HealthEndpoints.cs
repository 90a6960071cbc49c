using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ServiceDefaults.Api;

namespace ServiceDefaults;

/// <summary><c>/health</c> says whether the service can do its work, and if not, why; <c>/alive</c> only that the process answers. No limit keeps a probe away.</summary>
internal static class HealthEndpoints
{
    /// <summary>Tag of the checks that <c>/alive</c> asks.</summary>
    public const string Live = "live";

    private static readonly HealthAnswer Fine = new("Healthy", [new CheckAnswer("self", "Healthy", null, 0.1)]);

    public static void MapHealthEndpoints(this IEndpointRouteBuilder app)
    {
        Map(app, "/health", static _ => true)
            .Describe("getHealth", "Service", "Can the service do its work?", "503 with the reasons when it can't. For probes of readiness; no limit applies.")
            .Example("fine", StatusCodes.Status200OK, answer: Fine)
            .Example("status-503", StatusCodes.Status503ServiceUnavailable, answer: new HealthAnswer(
                "Unhealthy",
                [new CheckAnswer("self", "Healthy", null, 0.1), new CheckAnswer("flow", "Unhealthy", "The outbox can't publish to orders-0: the broker can't be reached.", 0.2)]));
        Map(app, "/alive", static check => check.Tags.Contains(Live))
            .Describe("getAlive", "Service", "Does the process answer?", "For probes of liveness; no limit applies.")
            .Example("alive", StatusCodes.Status200OK, answer: Fine);
    }

    private static RouteHandlerBuilder Map(IEndpointRouteBuilder app, string path, Func<HealthCheckRegistration, bool> asked)
    {
        var endpoint = app.MapGet(path, (HealthCheckService checks, HttpContext http) => CheckAsync(checks, asked, http)).WithMetadata(Unlimited.Instance);
        endpoint.DisableRateLimiting().DisableRequestTimeout();
        return endpoint;
    }

    private static async Task<JsonHttpResult<HealthAnswer>> CheckAsync(HealthCheckService checks, Func<HealthCheckRegistration, bool> asked, HttpContext http)
    {
        var report = await checks.CheckHealthAsync(asked, http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(
            new HealthAnswer(
                report.Status.ToString(),
                [.. report.Entries.Select(entry => new CheckAnswer(
                    entry.Key, entry.Value.Status.ToString(), entry.Value.Description ?? entry.Value.Exception?.Message, Math.Round(entry.Value.Duration.TotalMilliseconds, 1)))]),
            statusCode: report.Status == HealthStatus.Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
    }

    private sealed record HealthAnswer(string Status, IReadOnlyList<CheckAnswer> Checks);

    private sealed record CheckAnswer(string Name, string Status, string? Reason, double DurationMs);
}
