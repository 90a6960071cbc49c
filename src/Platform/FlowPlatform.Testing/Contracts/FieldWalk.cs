using System.Text.Json.Serialization.Metadata;
using FlowPlatform.Events;

namespace FlowPlatform.Testing.Contracts;

/// <summary>Goes through the fields of a type as the serializer sees them, nested ones included.</summary>
internal static class FieldWalk
{
    private const int Deepest = 8;

    private static readonly Dictionary<Type, string> Simple = new()
    {
        [typeof(string)] = "string", [typeof(bool)] = "boolean", [typeof(int)] = "int32", [typeof(long)] = "int64", [typeof(short)] = "int16", [typeof(byte)] = "byte", [typeof(double)] = "double",
        [typeof(decimal)] = "decimal", [typeof(Guid)] = "guid", [typeof(DateTimeOffset)] = "time", [typeof(DateOnly)] = "date", [typeof(TimeSpan)] = "duration", [typeof(Uri)] = "uri",
        [typeof(byte[])] = "base64",
    };

    public static void Collect(Type type, IDictionary<string, EventField> fields, string at = "", int depth = 0)
    {
        if (depth > Deepest)
        {
            throw new FlowTestException($"{at} is nested more than {Deepest} deep, or contains itself: an event's shape must have an end.");
        }

        foreach (var property in FlowJson.Options.GetTypeInfo(type).Properties)
        {
            if (IsWritten(property))
            {
                var path = at + property.Name;
                var required = property.IsRequired || (property.AssociatedParameter is null && Nullable.GetUnderlyingType(property.PropertyType) is null && !property.IsGetNullable);
                Describe(property.PropertyType, path, required, PersonalData.IsMarked(property), fields, depth);
            }
        }
    }

    // What is ignored has no getter.
    private static bool IsWritten(JsonPropertyInfo property) => property.Get is not null && property.AttributeProvider?.IsDefined(typeof(System.Text.Json.Serialization.JsonIgnoreAttribute), true) != true;

    private static void Describe(Type type, string path, bool required, bool personal, IDictionary<string, EventField> fields, int depth)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (Simple.TryGetValue(plain, out var kind) || EnumOf(plain, out kind))
        {
            fields[path] = new EventField(kind, required, personal);
            return;
        }

        var info = FlowJson.Options.GetTypeInfo(plain);
        switch (info.Kind)
        {
            case JsonTypeInfoKind.Enumerable:
                fields[path] = new EventField("array", required, personal);
                Element(info.ElementType!, $"{path}[]");
                break;
            case JsonTypeInfoKind.Dictionary:
                fields[path] = new EventField("map", required, personal);
                Element(info.ElementType!, $"{path}{{}}");
                break;
            case JsonTypeInfoKind.Object:
                fields[path] = new EventField("object", required, personal);
                Collect(plain, fields, $"{path}.", depth + 1);
                break;
            default:
                throw new FlowTestException($"Field {path} is of type {plain.Name}, which the serializer writes in a way of its own: use a type that any language can read.");
        }

        void Element(Type element, string of)
        {
            if (Simple.ContainsKey(Nullable.GetUnderlyingType(element) ?? element) || element.IsEnum)
            {
                Describe(element, of, required: true, personal, fields, depth + 1);
            }
            else
            {
                Collect(element, fields, $"{of}.", depth + 1);
            }
        }
    }

    private static bool EnumOf(Type type, out string kind)
    {
        kind = type.IsEnum ? $"enum({string.Join('|', Enum.GetNames(type).Select(System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName).Order(StringComparer.Ordinal))})" : "";
        return type.IsEnum;
    }
}
