using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ServiceDefaults;

/// <summary><c>/health</c> says whether the service can do its work, and if not, why; <c>/alive</c> only that the process answers.</summary>
internal static class HealthEndpoints
{
    /// <summary>Tag of the checks that <c>/alive</c> asks.</summary>
    public const string Live = "live";

    public static void MapHealthEndpoints(this IEndpointRouteBuilder app)
    {
        app.MapHealthChecks("/health", new HealthCheckOptions { ResponseWriter = WriteAsync });
        app.MapHealthChecks("/alive", new HealthCheckOptions { Predicate = check => check.Tags.Contains(Live), ResponseWriter = WriteAsync });
    }

    private static Task WriteAsync(HttpContext http, HealthReport report) => http.Response.WriteAsJsonAsync(
        new HealthAnswer(
            report.Status.ToString(),
            [.. report.Entries.Select(entry => new CheckAnswer(
                entry.Key, entry.Value.Status.ToString(), entry.Value.Description ?? entry.Value.Exception?.Message, Math.Round(entry.Value.Duration.TotalMilliseconds, 1)))]),
        http.RequestAborted);

    private sealed record HealthAnswer(string Status, IReadOnlyList<CheckAnswer> Checks);

    private sealed record CheckAnswer(string Name, string Status, string? Reason, double DurationMs);
}
