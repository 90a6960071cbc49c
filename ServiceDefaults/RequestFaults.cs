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
        var message = PathInformation().Replace(json.Message, "");
        var wanted = Conversion().Match(message);
        return Invalid(path, wanted.Success ? $"This must be {InWords(wanted.Groups["type"].Value)}." : message, StatusCodes.Status400BadRequest);
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

    private static string InWords(string type) => type switch
    {
        _ when type.StartsWith("System.Nullable`1[", StringComparison.Ordinal) => InWords(type[18..^1]),
        "System.String" => "a string",
        "System.Byte" or "System.Int16" or "System.Int32" or "System.Int64" => "a whole number within bounds",
        "System.Decimal" => "a decimal number, as a string or a number",
        "System.Boolean" => "true or false",
        "System.Guid" => "a UUID",
        "System.DateTimeOffset" or "System.DateTime" => "a date and time in ISO 8601, e.g. 2010-12-01T08:26:00Z",
        "System.DateOnly" => "a date, e.g. 2010-12-01",
        _ when type.StartsWith("System.Collections.Generic.IReadOnlyDictionary", StringComparison.Ordinal) => "an object",
        _ when type.StartsWith("System.Collections.Generic.", StringComparison.Ordinal) || type.EndsWith("[]", StringComparison.Ordinal) => "a list",
        _ => "a valid value of its kind",
    };

    [GeneratedRegex(@" Path: \$.*$", RegexOptions.Singleline)]
    private static partial Regex PathInformation();

    [GeneratedRegex(@"could not be converted to (?<type>\S+?)\.?$")]
    private static partial Regex Conversion();

    [GeneratedRegex("parameter \"\\S+ (?<name>\\w+)\"")]
    private static partial Regex Parameter();
}
