using System.Text.Json;

namespace FlowPlatform.Dashboard;

/// <summary>An attribute, its value as text: a text as it is, anything else as JSON.</summary>
public sealed record TelemetryAttribute(string Name, string Value)
{
    /// <summary>Reads a JSON object of attributes.</summary>
    public static IReadOnlyList<TelemetryAttribute> Read(string json)
    {
        if (json is "{}" or "")
        {
            return [];
        }

        using var document = JsonDocument.Parse(json);
        return Read(document.RootElement);
    }

    /// <inheritdoc cref="Read(string)" />
    public static IReadOnlyList<TelemetryAttribute> Read(JsonElement json) =>
        [.. json.EnumerateObject().Select(static property => new TelemetryAttribute(property.Name, property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : property.Value.GetRawText()))];
}
