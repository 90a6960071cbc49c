using System.Text.Json;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;

namespace ServiceDefaults;

/// <summary>Answers what was thrown with problem details: the caller's faults are named, our own are logged and not shown.</summary>
internal sealed partial class ProblemExceptionHandler(IProblemDetailsService problems, ILogger<ProblemExceptionHandler> logger) : IExceptionHandler
{
    /// <summary>What the web server says when the client has gone; nobody reads it.</summary>
    private const int ClientClosedRequest = 499;

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested)
        {
            httpContext.Response.StatusCode = ClientClosedRequest;
            return true;
        }

        var problem = Describe(exception);
        if (problem.Status == StatusCodes.Status500InternalServerError)
        {
            LogUnexpected(exception, httpContext.Request.Method, httpContext.Request.Path);
        }
        else if (problem.Status == StatusCodes.Status503ServiceUnavailable)
        {
            // A store is busy for moments; what fills an outbox lasts longer.
            httpContext.Response.Headers.RetryAfter = exception is OutboxFullException ? "5" : "1";
        }

        httpContext.Response.StatusCode = problem.Status ?? StatusCodes.Status500InternalServerError;
        if (!await problems.TryWriteAsync(new ProblemDetailsContext { HttpContext = httpContext, ProblemDetails = problem, Exception = exception }))
        {
            await httpContext.Response.WriteAsJsonAsync(problem, problem.GetType(), options: null, "application/problem+json", cancellationToken);
        }

        return true;
    }

    private static ProblemDetails Describe(Exception exception) => exception switch
    {
        BadHttpRequestException { InnerException: JsonException json } => RequestFaults.OfJson(json),
        BadHttpRequestException bad => RequestFaults.OfBinding(bad),
        StoreBusyException or OutboxFullException or EventLogUnavailableException => new ProblemDetails { Status = StatusCodes.Status503ServiceUnavailable, Detail = exception.Message },
        CommitOutcomeUnknownException => new ProblemDetails { Status = StatusCodes.Status503ServiceUnavailable, Detail = "The database went away in the middle of this. Send the same again, with the same id: it is done once." },
        _ => new ProblemDetails { Status = StatusCodes.Status500InternalServerError, Detail = "The service failed on this request; its log says why." },
    };

    [LoggerMessage(1, LogLevel.Error, "{Method} {Path} failed")]
    private partial void LogUnexpected(Exception exception, string method, PathString path);
}
