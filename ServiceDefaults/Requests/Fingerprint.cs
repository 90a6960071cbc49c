using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using FlowPlatform.Events;

namespace ServiceDefaults;

/// <summary>SHA-256 of a request in its canonical form: UTC times, amounts without trailing zeros. Two requests say the same if and only if their fingerprints are equal.</summary>
public static class Fingerprint
{
    private static readonly JsonSerializerOptions Canonical = CreateOptions();

    /// <summary>The fingerprint: 32 bytes.</summary>
    public static byte[] Of<TBody>(TBody body) => SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(body, Canonical));

    private static JsonSerializerOptions CreateOptions()
    {
        // The first converter that fits is taken.
        var options = new JsonSerializerOptions(FlowJson.Options);
        options.Converters.Insert(0, new ShortestDecimal());
        options.Converters.Insert(0, new UtcTime());
        return options;
    }

    private sealed class ShortestDecimal : JsonConverter<decimal>
    {
        /// <summary>Dividing by one with 28 decimals makes the scale as small as it can be.</summary>
        public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value / 1.0000000000000000000000000000m, FlowJson.Options);

        public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException("A fingerprint is not read.");
    }

    private sealed class UtcTime : JsonConverter<DateTimeOffset>
    {
        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToUniversalTime());

        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException("A fingerprint is not read.");
    }
}
