using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace ServiceDefaults;

/// <summary>Answers as problem details (RFC 9457).</summary>
public static class Problems
{
    /// <summary>409: the request contradicts what was accepted before.</summary>
    public static ProblemHttpResult Conflict(string detail) => Of(StatusCodes.Status409Conflict, detail);

    /// <summary>404: there is no such thing.</summary>
    public static ProblemHttpResult NotFound(string detail) => Of(StatusCodes.Status404NotFound, detail);

    /// <summary>400: the request can't be understood; for faults of fields use <see cref="Faults"/>.</summary>
    public static ProblemHttpResult BadRequest(string detail) => Of(StatusCodes.Status400BadRequest, detail);

    /// <summary>503: not now, but later.</summary>
    public static ProblemHttpResult Unavailable(string detail) => Of(StatusCodes.Status503ServiceUnavailable, detail);

    /// <summary>Answers outside of an endpoint, where no result can be returned.</summary>
    /// <param name="http">The request.</param>
    /// <param name="status">The status.</param>
    /// <param name="detail">What is wrong, and what to do.</param>
    /// <param name="retryAfter">Seconds after which to try again; null: don't.</param>
    internal static async Task WriteAsync(HttpContext http, int status, string detail, int? retryAfter = null)
    {
        http.Response.StatusCode = status;
        if (retryAfter is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        var problem = new ProblemDetails { Status = status, Detail = detail };
        var service = http.RequestServices.GetRequiredService<IProblemDetailsService>();
        if (!await service.TryWriteAsync(new ProblemDetailsContext { HttpContext = http, ProblemDetails = problem }))
        {
            // The client accepts no JSON; it gets it all the same.
            await http.Response.WriteAsJsonAsync(problem, options: null, "application/problem+json", CancellationToken.None);
        }
    }

    private static ProblemHttpResult Of(int status, string detail) => TypedResults.Problem(detail, statusCode: status);
}
