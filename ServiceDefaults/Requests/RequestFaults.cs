using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;

namespace ServiceDefaults;

/// <summary>Says in the caller's words, and with the field's name in JSON, what the framework found wrong with a request before any handler saw it.</summary>
internal static partial class RequestFaults
{
    public static ProblemDetails OfJson(JsonException json)
    {
        var path = json.Path is null or "$" ? "body" : json.Path.TrimStart('$').TrimStart('.');
        return Invalid(path, Explain(json), StatusCodes.Status400BadRequest);
    }

    public static ProblemDetails OfBinding(BadHttpRequestException bad)
    {
        if (NoBody().IsMatch(bad.Message))
        {
            return Invalid("body", "A JSON body is asked for; /openapi/v1.json says which.", bad.StatusCode);
        }

        var parameter = Parameter().Match(bad.Message);
        if (!parameter.Success)
        {
            return new ProblemDetails { Status = bad.StatusCode, Detail = bad.Message };
        }

        return Invalid(
            parameter.Groups["name"].Value,
            GivenValue().Match(bad.Message) is { Success: true } given ? $"'{given.Groups["value"].Value}' is not of the kind that is asked for." : "This is required.",
            bad.StatusCode);
    }

    /// <summary>Says what to do where the framework gives a status alone.</summary>
    public static void Explain(ProblemDetailsContext context)
    {
        // The one status of ours that the framework knows no reference for.
        context.ProblemDetails.Type ??= context.ProblemDetails.Status == StatusCodes.Status429TooManyRequests ? "https://tools.ietf.org/html/rfc6585#section-4" : null;
        context.ProblemDetails.Detail ??= DetailOf(context);
    }

    private static string? DetailOf(ProblemDetailsContext context) => context.ProblemDetails.Status switch
    {
        StatusCodes.Status404NotFound => "There is nothing at this path. /openapi/v1.json lists what there is.",
        StatusCodes.Status405MethodNotAllowed => $"This path takes {context.HttpContext.Response.Headers.Allow}, not {context.HttpContext.Request.Method}.",
        StatusCodes.Status413PayloadTooLarge => string.Create(
            CultureInfo.InvariantCulture, $"A body has at most {context.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize:N0} bytes here."),
        StatusCodes.Status415UnsupportedMediaType => "The body is JSON: Content-Type is application/json.",
        _ => null,
    };

    private static HttpValidationProblemDetails Invalid(string field, string message, int status) =>
        new(new Dictionary<string, string[]> { [field] = [message] }) { Status = status, Title = "The request is invalid.", Detail = $"{field}: {message}" };

    /// <summary>The serializer's own messages name CLR types, which mean nothing to a caller.</summary>
    private static string Explain(JsonException json)
    {
        if (json.InnerException is InvalidOperationException kind && TokenKind().Match(kind.Message) is { Success: true } token)
        {
            return $"This must be a {token.Groups["kind"].Value}.";
        }

        if (Unmapped().Match(json.Message) is { Success: true } unknown)
        {
            return $"There is no field '{unknown.Groups["name"].Value}' here.";
        }

        if (Repeated().Match(json.Message) is { Success: true } twice)
        {
            return $"Field '{twice.Groups["name"].Value}' stands here twice.";
        }

        if (json.InnerException is InvalidOperationException)
        {
            return "This is no valid text: UTF-8, and no half of a surrogate pair.";
        }

        var message = (json.InnerException as FormatException)?.Message ?? PathInformation().Replace(json.Message, "");
        return !Conversion().IsMatch(message) ? message
            : message.Contains("Dictionary", StringComparison.Ordinal) ? "This must be an object."
            : message.Contains("Collections", StringComparison.Ordinal) || message.Contains("[]", StringComparison.Ordinal) ? "This must be a list."
            : "This has not the form that is asked for; /openapi/v1.json says which.";
    }

    [GeneratedRegex("JSON property '(?<name>.*)' could not be mapped to any", RegexOptions.Singleline)]
    private static partial Regex Unmapped();

    [GeneratedRegex("Duplicate property '(?<name>.*)' encountered", RegexOptions.Singleline)]
    private static partial Regex Repeated();

    [GeneratedRegex("from body\\.|no body was provided")]
    private static partial Regex NoBody();

    [GeneratedRegex("from \"(?<value>.*)\"\\.$", RegexOptions.Singleline)]
    private static partial Regex GivenValue();

    [GeneratedRegex(@" Path: \$.*$", RegexOptions.Singleline)]
    private static partial Regex PathInformation();

    [GeneratedRegex(@"as an? (?<kind>[\w ]+)\.$")]
    private static partial Regex TokenKind();

    [GeneratedRegex("could not be converted to ")]
    private static partial Regex Conversion();

    [GeneratedRegex("parameter \"\\S+ (?<name>\\w+)\"")]
    private static partial Regex Parameter();
}
