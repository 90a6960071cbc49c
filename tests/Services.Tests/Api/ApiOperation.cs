using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Services.Tests.Api;

/// <summary>An operation as an OpenAPI document has it.</summary>
internal sealed record ApiOperation(string Method, string Path, JsonObject Json)
{
    public string Id => (string)Json["operationId"]!;

    public bool HasBody => Json["requestBody"] is not null;

    /// <summary>Probes answer in their own form, whatever the load.</summary>
    public bool IsProbe => Path is "/health" or "/alive";

    /// <summary>What it answers depends on the moment.</summary>
    public bool IsOfTheMoment => IsProbe || (Method == "GET" && Path.StartsWith("/flow/", StringComparison.Ordinal));

    /// <summary>An operator's verb: it is about what is there, not about what it sends.</summary>
    public bool IsAdmin => Path.StartsWith("/flow/", StringComparison.Ordinal);

    public IEnumerable<(string Name, string In)> Parameters => (Json["parameters"]?.AsArray() ?? []).Select(parameter => ((string)parameter!["name"]!, (string)parameter["in"]!));

    public IReadOnlyList<string> Statuses => [.. Json["responses"]!.AsObject().Select(response => response.Key)];

    /// <summary>Examples that a request can provoke, in the order in which they are described.</summary>
    public IReadOnlyList<ApiExchange> Exchanges
    {
        get
        {
            var answers = (from response in Json["responses"]!.AsObject()
                           from media in response.Value!["content"]?.AsObject() ?? []
                           from example in media.Value!["examples"]?.AsObject() ?? []
                           select (example.Key, Status: int.Parse(response.Key, null), Value: example.Value!["value"]!)).ToDictionary(example => example.Key);
            var bodies = Json["requestBody"]?["content"]?["application/json"]?["examples"]?.AsObject();
            var names = bodies is not null ? bodies.Select(body => body.Key) : answers.Keys.Where(name => !name.StartsWith("status-", StringComparison.Ordinal));
            return [.. names.Select(name => new ApiExchange(name, answers[name].Status, answers[name].Value, bodies?[name]!["value"], ParametersOf(name)))];
        }
    }

    public static IReadOnlyList<ApiOperation> In(JsonNode document) =>
        [.. from path in document["paths"]!.AsObject()
            from operation in path.Value!.AsObject()
            select new ApiOperation(operation.Key.ToUpperInvariant(), path.Key, operation.Value!.AsObject())];

    /// <summary>The request of an exchange, or of it with another body.</summary>
    public HttpRequestMessage Request(ApiExchange exchange, byte[]? body = null, string contentType = "application/json")
    {
        var path = Path;
        var query = new StringBuilder();
        var request = new HttpRequestMessage { Method = new HttpMethod(Method) };
        foreach (var (name, place, value) in exchange.Parameters)
        {
            switch (place)
            {
                case "path":
                    path = path.Replace($"{{{name}}}", Uri.EscapeDataString(value), StringComparison.Ordinal);
                    break;
                case "query":
                    query.Append(query.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
                    break;
                default:
                    request.Headers.TryAddWithoutValidation(name, value);
                    break;
            }
        }

        request.RequestUri = new Uri(path + query, UriKind.Relative);
        if (body is not null || exchange.Body is not null)
        {
            request.Content = new ByteArrayContent(body ?? Encoding.UTF8.GetBytes(exchange.Body!.ToJsonString()));
            if (contentType.Length > 0)
            {
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
            }
        }

        return request;
    }

    public override string ToString() => $"{Method} {Path}";

    private List<(string, string, string)> ParametersOf(string example) =>
        [.. from parameter in Json["parameters"]?.AsArray() ?? []
            let value = parameter!["examples"]?[example]?["value"]
            where value is not null
            select ((string)parameter["name"]!, (string)parameter["in"]!, value.ToString())];
}

/// <summary>What is sent and what comes back, by the document.</summary>
internal sealed record ApiExchange(string Name, int Status, JsonNode Answer, JsonNode? Body, IReadOnlyList<(string Name, string In, string Value)> Parameters);
