using System.Text.Json;
using FlowPlatform.Orchestration.Supervision;
using Microsoft.AspNetCore.Http;

namespace FlowPlatform.Orchestration.ResourceService;

/// <summary>No more subscribers are taken.</summary>
internal sealed class TooManySubscribersException(int max) : Exception($"{max} subscribers listen already; come again when one has left.");

/// <summary>Faults as problem details (RFC 9457) with a <c>code</c> that programs can tell apart.</summary>
internal static class ResourceFaults
{
    /// <summary>Null for what is no fault of the caller's.</summary>
    public static (int Status, string Code)? Describe(Exception fault) => fault switch
    {
        ResourceCommandException { Fault: CommandFault.UnknownResource } => (StatusCodes.Status404NotFound, "unknown-resource"),
        ResourceCommandException { Fault: CommandFault.UnknownCommand } => (StatusCodes.Status404NotFound, "unknown-command"),
        ResourceCommandException { Fault: CommandFault.BadRequest } => (StatusCodes.Status400BadRequest, "bad-request"),
        ResourceCommandException { Fault: CommandFault.NotNow } => (StatusCodes.Status409Conflict, "not-now"),
        ResourceCommandException { Fault: CommandFault.NotPossible } => (StatusCodes.Status422UnprocessableEntity, "not-possible"),
        ResourceCommandException { Fault: CommandFault.Stopping } => (StatusCodes.Status503ServiceUnavailable, "stopping"),
        TooManySubscribersException => (StatusCodes.Status503ServiceUnavailable, "too-many-subscribers"),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => (StatusCodes.Status413PayloadTooLarge, "too-large"),
        BadHttpRequestException or JsonException => (StatusCodes.Status400BadRequest, "bad-request"),
        _ => null,
    };

    public static Task AnswerAsync(HttpContext context, int status, string code, string detail)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new { type = "about:blank", status, code, detail }, options: null, contentType: "application/problem+json", context.RequestAborted);
    }
}
