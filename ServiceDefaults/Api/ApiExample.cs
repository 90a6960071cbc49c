using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace ServiceDefaults.Api;

/// <summary>
/// One documented exchange: what is sent and what comes back. In the document, request and response examples of the same name belong together. A test sends each of them in order and
/// compares, so they are the truth.
/// </summary>
/// <param name="Name">Its name, unique for the endpoint.</param>
/// <param name="Status">The status that is answered.</param>
/// <param name="Parameters">Parameters of path, query and header.</param>
/// <param name="Body">The body that is sent; null: none.</param>
/// <param name="Answer">The body that is answered; null: none.</param>
internal sealed record ApiExample(string Name, int Status, IReadOnlyList<(string Name, string Value)> Parameters, object? Body, object? Answer)
{
    /// <summary>True for problem details.</summary>
    public bool IsFault => Answer is ProblemDetails;
}

/// <summary>Marks endpoints that no limit of rate or number applies to.</summary>
internal sealed class Unlimited
{
    public static readonly Unlimited Instance = new();
}

/// <summary>Problem details as the framework writes them.</summary>
internal static class Fault
{
    private const string Rfc = "https://tools.ietf.org/html/rfc9110#section-15.";

    public static ProblemDetails Of(int status, string detail) => Complete(new ProblemDetails(), status, detail);

    public static ProblemDetails Invalid(string field, string message) => Complete(
        new HttpValidationProblemDetails(new Dictionary<string, string[]> { [field] = [message] }), StatusCodes.Status400BadRequest, $"{field}: {message}", "The request is invalid.");

    private static ProblemDetails Complete(ProblemDetails problem, int status, string detail, string? title = null)
    {
        var (type, name) = status switch
        {
            StatusCodes.Status400BadRequest => ($"{Rfc}5.1", "Bad Request"),
            StatusCodes.Status401Unauthorized => ($"{Rfc}5.2", "Unauthorized"),
            StatusCodes.Status404NotFound => ($"{Rfc}5.5", "Not Found"),
            StatusCodes.Status409Conflict => ($"{Rfc}5.10", "Conflict"),
            StatusCodes.Status413PayloadTooLarge => ($"{Rfc}5.14", "Content Too Large"),
            StatusCodes.Status415UnsupportedMediaType => ($"{Rfc}5.16", "Unsupported Media Type"),
            StatusCodes.Status429TooManyRequests => ("https://tools.ietf.org/html/rfc6585#section-4", "Too Many Requests"),
            StatusCodes.Status503ServiceUnavailable => ($"{Rfc}6.4", "Service Unavailable"),
            _ => throw new ArgumentOutOfRangeException(nameof(status), status, "Not a documented fault."),
        };
        (problem.Type, problem.Title, problem.Status, problem.Detail) = (type, title ?? name, status, detail);
        return problem;
    }
}
