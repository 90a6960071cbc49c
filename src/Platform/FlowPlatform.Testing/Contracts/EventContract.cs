using System.Reflection;
using System.Text.Json.Nodes;
using FlowPlatform.Events;

namespace FlowPlatform.Testing.Contracts;

/// <summary>What is promised about one type of event: its name, its key and its fields, as the serializer writes them. Immutable.</summary>
/// <param name="Type">Name with version, e.g. <c>orders.placed.v1</c>.</param>
/// <param name="Key">The field that is the partition key; null: the event's id.</param>
/// <param name="Fields">By path: <c>orderId</c>, <c>lines</c>, <c>lines[].code</c>.</param>
public sealed record EventContract(string Type, string? Key, IReadOnlyDictionary<string, EventField> Fields)
{
    /// <summary>Reads the contract off a record.</summary>
    /// <exception cref="ArgumentException">The type is no event.</exception>
    /// <exception cref="FlowTestException">It has a field that no description exists for.</exception>
    public static EventContract Of(Type clrType)
    {
        var type = EventType.Of(clrType);
        var key = clrType.GetCustomAttribute<EventAttribute>()!.Key;
        var fields = new SortedDictionary<string, EventField>(StringComparer.Ordinal);
        FieldWalk.Collect(clrType, fields);
        return new EventContract(type.Name, key is null ? null : FlowJson.Options.PropertyNamingPolicy!.ConvertName(key), fields);
    }

    /// <summary>Reads a kept description.</summary>
    /// <exception cref="FlowTestException">It is not one.</exception>
    internal static EventContract Parse(string json, string file)
    {
        try
        {
            var node = JsonNode.Parse(json)!;
            return new EventContract(
                node["type"]!.GetValue<string>(), node["key"]?.GetValue<string>(),
                node["fields"]!.AsObject().ToDictionary(field => field.Key, field => EventField.Parse(field.Value!.GetValue<string>()), StringComparer.Ordinal));
        }
        catch (Exception fault) when (fault is System.Text.Json.JsonException or InvalidOperationException or NullReferenceException or FormatException)
        {
            throw new FlowTestException($"{file} is no description of an event: {fault.Message}", fault);
        }
    }

    internal JsonObject ToJson()
    {
        var json = new JsonObject { ["type"] = Type };
        if (Key is not null)
        {
            json["key"] = Key;
        }

        json["fields"] = new JsonObject(Fields.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => KeyValuePair.Create(field.Key, (JsonNode?)field.Value.ToString())));
        return json;
    }
}

/// <summary>One field.</summary>
/// <param name="Kind">string, boolean, int32, int64, decimal, time, object, array, map, enum(…) and the like.</param>
/// <param name="Required">Every event has it.</param>
/// <param name="Personal">It identifies a person, or may name one (<see cref="PersonalDataAttribute"/>).</param>
public sealed record EventField(string Kind, bool Required, bool Personal)
{
    /// <summary>E.g. <c>string, optional, personal</c>.</summary>
    public override string ToString() => $"{Kind}, {(Required ? "required" : "optional")}{(Personal ? ", personal" : "")}";

    internal static EventField Parse(string text) => text.Split(", ") is [var kind, "required" or "optional", .. var rest] words && rest is [] or ["personal"]
        ? new EventField(kind, words[1] == "required", rest.Length == 1)
        : throw new FormatException($"'{text}' is not like 'string, required' or 'string, optional, personal'.");
}
