using FlowPlatform.Dashboard.Storage;
using OpenTelemetry.Proto.Common.V1;

namespace FlowPlatform.Dashboard.Receiving;

/// <summary>Reads who sends.</summary>
internal static class OriginReader
{
    /// <summary>What OpenTelemetry calls a service that doesn't say its name.</summary>
    private const string UnknownService = "unknown_service";

    public static Resource Read(OpenTelemetry.Proto.Resource.V1.Resource? resource, AttributeJson json)
    {
        IReadOnlyList<KeyValue> attributes = resource is null ? [] : resource.Attributes;
        return new Resource(
            Find(attributes, "service.name") is { Length: > 0 } name ? AttributeJson.Cut(name) : UnknownService,
            AttributeJson.Cut(Find(attributes, "service.instance.id") ?? ""),
            json.Write(attributes));
    }

    public static Scope Read(InstrumentationScope? scope) => new(AttributeJson.Cut(scope?.Name ?? ""), AttributeJson.Cut(scope?.Version ?? ""));

    /// <summary>A text attribute, or a number as text; null if there is none.</summary>
    public static string? Find(IReadOnlyList<KeyValue> attributes, string key)
    {
        foreach (var attribute in attributes)
        {
            if (attribute.Key == key)
            {
                return attribute.Value?.ValueCase switch
                {
                    AnyValue.ValueOneofCase.StringValue => attribute.Value.StringValue,
                    AnyValue.ValueOneofCase.IntValue => attribute.Value.IntValue.ToString(System.Globalization.CultureInfo.InvariantCulture),
                    _ => null,
                };
            }
        }

        return null;
    }
}
