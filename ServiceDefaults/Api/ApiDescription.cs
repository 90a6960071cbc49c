using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using ServiceDefaults.Api;

namespace ServiceDefaults;

/// <summary>Describes endpoints for <c>/openapi/v1.json</c>: what they are for, and exchanges as examples. The faults that every endpoint may answer are added.</summary>
public static class ApiDescription
{
    private const string Json = "application/json";
    private const string ProblemJson = "application/problem+json";

    /// <summary>Names the operation and says what it is for.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="id">Operation id, unique in the service, for generated clients.</param>
    /// <param name="tag">What it belongs to.</param>
    /// <param name="summary">One line.</param>
    /// <param name="description">What a caller must know.</param>
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder endpoint, string id, string tag, string summary, string description)
    {
        endpoint.Finally(AddFaultsOfAll);
        return endpoint.WithName(id).WithTags(tag).WithSummary(summary).WithDescription(description);
    }

    /// <summary>Adds an exchange that succeeds.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="name">Name of the example.</param>
    /// <param name="status">What is answered.</param>
    /// <param name="body">What is sent; null: no body.</param>
    /// <param name="answer">What comes back; its type describes the answer.</param>
    /// <param name="with">Parameters of path, query and header.</param>
    public static RouteHandlerBuilder Example(
        this RouteHandlerBuilder endpoint, string name, int status, object? body = null, object? answer = null, params (string Name, string Value)[] with) =>
        endpoint.Add(new ApiExample(name, status, with, body, answer));

    /// <summary>Adds an exchange that is refused.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="name">Name of the example.</param>
    /// <param name="status">404, 409, …</param>
    /// <param name="detail">What the answer says.</param>
    /// <param name="body">What is sent; null: no body.</param>
    /// <param name="with">Parameters of path, query and header.</param>
    public static RouteHandlerBuilder Refusal(
        this RouteHandlerBuilder endpoint, string name, int status, string detail, object? body = null, params (string Name, string Value)[] with) =>
        endpoint.Add(new ApiExample(name, status, with, body, Fault.Of(status, detail)));

    /// <summary>Adds an exchange that is refused with 400 because of one field.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="name">Name of the example.</param>
    /// <param name="field">The field, as in JSON, or the parameter.</param>
    /// <param name="message">What is asked for.</param>
    /// <param name="body">What is sent; null: no body.</param>
    /// <param name="with">Parameters of path, query and header.</param>
    public static RouteHandlerBuilder Invalid(
        this RouteHandlerBuilder endpoint, string name, string field, string message, object? body = null, params (string Name, string Value)[] with) =>
        endpoint.Add(new ApiExample(name, StatusCodes.Status400BadRequest, with, body, Fault.Invalid(field, message)));

    /// <summary>Shows an answer that no single request can provoke: what must be there before is somebody else's doing.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="status">What is answered.</param>
    /// <param name="answer">What comes back; its type describes the answer.</param>
    internal static RouteHandlerBuilder Illustrate(this RouteHandlerBuilder endpoint, int status, object answer)
    {
        var example = new ApiExample($"status-{status}", status, [], null, answer);
        return endpoint.WithMetadata(new CommonFault(example), Produces(status, answer.GetType(), example.IsFault));
    }

    private static RouteHandlerBuilder Add(this RouteHandlerBuilder endpoint, ApiExample example)
    {
        endpoint.WithMetadata(example);
        return example.Answer is { } answer ? endpoint.WithMetadata(Produces(example.Status, answer.GetType(), example.IsFault)) : endpoint;
    }

    private static void AddFaultsOfAll(EndpointBuilder endpoint)
    {
        var isAdmin = endpoint.Metadata.OfType<AdminKey.Guarded>().Any();
        if (!endpoint.Metadata.OfType<Unlimited>().Any())
        {
            Add(
                StatusCodes.Status429TooManyRequests,
                $"One client may send {(isAdmin ? "10 administrative requests a second (FLOW_ADMIN_RATE)" : "100 requests a second (FLOW_CLIENT_RATE)")}. Nothing was done; come again later.");
            Add(StatusCodes.Status503ServiceUnavailable, "The outbox is full: 500,000 events wait for the log, and 500,000 may (FLOW_OUTBOX_LIMIT). Nothing was done; send the same again later.");
        }

        if (endpoint.Metadata.OfType<IAcceptsMetadata>().Any())
        {
            Add(StatusCodes.Status413PayloadTooLarge, "A body has at most 1,048,576 bytes here.");
            Add(StatusCodes.Status415UnsupportedMediaType, "The body is JSON: Content-Type is application/json.");
        }

        if (isAdmin)
        {
            Add(StatusCodes.Status401Unauthorized, $"Header {AdminKey.Header} with the admin key is required.");
        }

        void Add(int status, string detail)
        {
            if (!endpoint.Metadata.OfType<ApiExample>().Concat(endpoint.Metadata.OfType<CommonFault>().Select(fault => fault.Example)).Any(example => example.Status == status))
            {
                // Without a request of that name: it can't be provoked by what one request says.
                endpoint.Metadata.Add(new CommonFault(new ApiExample($"status-{status}", status, [], null, Fault.Of(status, detail))));
                endpoint.Metadata.Add(Produces(status, typeof(ProblemDetails), isFault: true));
            }
        }
    }

    private static ProducesResponseTypeMetadata Produces(int status, Type type, bool isFault) => new(status, type, [isFault ? ProblemJson : Json]);
}

/// <summary>An answer without a request of its name: a fault that every endpoint of its kind may answer, or what one request alone can't provoke.</summary>
internal sealed record CommonFault(ApiExample Example);
