using System.Text.Json.Serialization.Metadata;

namespace FlowPlatform.Events;

/// <summary>Which fields of an event are marked <see cref="PersonalDataAttribute"/>, for those who show events. Safe for concurrent use.</summary>
public static class PersonalData
{
    /// <summary>Deeper than that an event must not be nested.</summary>
    private const int Deepest = 8;

    /// <summary>Whether a property is marked, or the parameter of a positional record that it comes from.</summary>
    public static bool IsMarked(JsonPropertyInfo property) =>
        property.AttributeProvider?.IsDefined(typeof(PersonalDataAttribute), inherit: true) == true
        || property.AssociatedParameter?.AttributeProvider?.IsDefined(typeof(PersonalDataAttribute), inherit: true) == true;

    /// <summary>
    /// The marked fields of a type by their place in its JSON, such as <c>customerId</c>, <c>address.street</c>, <c>lines[].note</c> for every element and <c>answers{}.text</c> for every value of a map. What is below a marked field is
    /// personal, too, and not listed.
    /// </summary>
    public static IReadOnlyList<string> FieldsOf(Type type)
    {
        var fields = new List<string>();
        Collect(type, "", 0, fields);
        return fields;
    }

    private static void Collect(Type type, string at, int depth, List<string> fields)
    {
        var info = FlowJson.Options.GetTypeInfo(Nullable.GetUnderlyingType(type) ?? type);
        switch (info.Kind)
        {
            // What contains itself is never so deep that anybody could have marked more below.
            case JsonTypeInfoKind.Object when depth <= Deepest:
                foreach (var property in info.Properties)
                {
                    var path = at.Length == 0 ? property.Name : $"{at}.{property.Name}";
                    if (IsMarked(property))
                    {
                        fields.Add(path);
                    }
                    else
                    {
                        Collect(property.PropertyType, path, depth + 1, fields);
                    }
                }

                break;
            case JsonTypeInfoKind.Enumerable when depth <= Deepest:
                Collect(info.ElementType!, $"{at}[]", depth + 1, fields);
                break;
            case JsonTypeInfoKind.Dictionary when depth <= Deepest:
                Collect(info.ElementType!, $"{at}{{}}", depth + 1, fields);
                break;
            default:
                break;
        }
    }
}
