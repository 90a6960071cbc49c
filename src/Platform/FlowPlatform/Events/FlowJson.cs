using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace FlowPlatform.Events;

/// <summary>
/// How events and commands are written as JSON: camelCase, enums by name, nulls left out, decimals as strings, so that no reader rounds money (rule W1). Unknown fields are ignored, so that a producer may add
/// optional ones. A field that a record's constructor takes as neither nullable nor with a default is required: without it an amount would be read as 0, and a name as null, in silence.
/// </summary>
public static class FlowJson
{
    /// <summary>The options. Read-only.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>Serializes to UTF-8.</summary>
    public static byte[] Serialize(object value) => JsonSerializer.SerializeToUtf8Bytes(value, value.GetType(), Options);

    /// <summary>Reads UTF-8.</summary>
    /// <exception cref="JsonException">The bytes are not the JSON of such a value; the message names the field, never its value.</exception>
    public static object Deserialize(ReadOnlySpan<byte> json, Type type) =>
        JsonSerializer.Deserialize(json, type, Options) ?? throw new JsonException($"The JSON 'null' is no {type.Name}.");

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            NumberHandling = JsonNumberHandling.Strict,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            Converters = { new DecimalAsString(), new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
            RespectNullableAnnotations = true,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { RequireWhatCannotBeLeftOut } },
        };
        options.MakeReadOnly();
        return options;
    }

    /// <summary>Nulls are left out when written, so a nullable parameter is optional even if it has no default.</summary>
    private static void RequireWhatCannotBeLeftOut(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            if (property.AssociatedParameter is { HasDefaultValue: false, IsNullable: false, IsMemberInitializer: false } parameter && Nullable.GetUnderlyingType(parameter.ParameterType) is null)
            {
                property.IsRequired = true;
            }
        }
    }

    private sealed class DecimalAsString : JsonConverter<decimal>
    {
        public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.Number)
            {
                return reader.GetDecimal();
            }

            return reader.TokenType == JsonTokenType.String
                && decimal.TryParse(reader.GetString(), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
                ? value
                : throw new JsonException("An amount is a decimal number, as a string or a number, e.g. \"12.50\".");
        }

        public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options)
        {
            Span<char> text = stackalloc char[40];
            value.TryFormat(text, out var written, provider: CultureInfo.InvariantCulture);
            writer.WriteStringValue(text[..written]);
        }
    }
}
