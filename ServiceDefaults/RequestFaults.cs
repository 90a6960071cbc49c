using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
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
        var parameter = Parameter().Match(bad.Message);
        return parameter.Success
            ? Invalid(parameter.Groups["name"].Value, bad.Message, bad.StatusCode)
            : new ProblemDetails { Status = bad.StatusCode, Detail = bad.Message };
    }

    private static HttpValidationProblemDetails Invalid(string field, string message, int status) =>
        new(new Dictionary<string, string[]> { [field] = [message] }) { Status = status, Title = "The request is invalid.", Detail = $"{field}: {message}" };

    /// <summary>The serializer's own messages name CLR types, which mean nothing to a caller.</summary>
    private static string Explain(JsonException json)
    {
        if (json.InnerException is InvalidOperationException kind && TokenKind().Match(kind.Message) is { Success: true } token)
        {
            return $"This must be a {token.Groups["kind"].Value}.";
        }

        var message = (json.InnerException as FormatException)?.Message ?? PathInformation().Replace(json.Message, "");
        return !Conversion().IsMatch(message) ? message
            : message.Contains("Dictionary", StringComparison.Ordinal) ? "This must be an object."
            : message.Contains("Collections", StringComparison.Ordinal) || message.Contains("[]", StringComparison.Ordinal) ? "This must be a list."
            : "This has not the form that is asked for; /openapi/v1.json says which.";
    }

    [GeneratedRegex(@" Path: \$.*$", RegexOptions.Singleline)]
    private static partial Regex PathInformation();

    [GeneratedRegex(@"as an? (?<kind>[\w ]+)\.$")]
    private static partial Regex TokenKind();

    [GeneratedRegex("could not be converted to ")]
    private static partial Regex Conversion();

    [GeneratedRegex("parameter \"\\S+ (?<name>\\w+)\"")]
    private static partial Regex Parameter();
}
