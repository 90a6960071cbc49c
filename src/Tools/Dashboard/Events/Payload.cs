using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace FlowPlatform.Dashboard.Events;

/// <summary>What is shown of an event's data.</summary>
/// <param name="Text">Indented JSON, or text.</param>
/// <param name="Masked">Values that are not shown.</param>
/// <param name="Note">What should be said about it; else null.</param>
internal sealed record Payload(string Text, int Masked, string? Note)
{
    /// <summary>What stands for a masked value.</summary>
    public const string Mask = "••••••";

    /// <summary>Data beyond that is not taken apart, in bytes.</summary>
    private const int MaxData = 256 * 1024;

    /// <summary>Characters that are shown.</summary>
    private const int MaxText = 64 * 1024;

    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads it.</summary>
    /// <param name="data">The event's data.</param>
    /// <param name="personal">Fields that are personal data; null: not known, then every value is taken for one.</param>
    /// <param name="reveal">Show them, too.</param>
    public static Payload Of(ReadOnlyMemory<byte> data, IReadOnlyList<string>? personal, bool reveal)
    {
        if (data.Length > MaxData)
        {
            return Raw(data, reveal, $"{data.Length:N0} bytes are too much to be taken apart; the beginning is shown on request.");
        }

        try
        {
            using var json = JsonDocument.Parse(data, new JsonDocumentOptions { MaxDepth = 64 });
            var masking = new Masking(reveal ? null : personal?.ToHashSet(StringComparer.OrdinalIgnoreCase), everything: personal is null && !reveal);
            using var buffer = new MemoryStream();
            using (var writer = new Utf8JsonWriter(buffer, Indented))
            {
                masking.Write(writer, json.RootElement, "");
            }

            var text = Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
            return new Payload(
                Cut(text),
                masking.Count,
                text.Length > MaxText ? "Only the beginning is shown."
                : personal is null && !reveal ? "No service has told which fields of this type are personal, so every value is masked." : null);
        }
        catch (JsonException)
        {
            return Raw(data, reveal, "This is no JSON; it is shown on request.");
        }
    }

    private static Payload Raw(ReadOnlyMemory<byte> data, bool reveal, string note) =>
        reveal ? new Payload(Cut(Encoding.UTF8.GetString(data.Span[..Math.Min(data.Length, MaxText)])), 0, null) : new Payload("", 1, note);

    private static string Cut(string text) => text.Length > MaxText ? text[..MaxText] : text;

    /// <param name="personal">Masked fields; null: none.</param>
    /// <param name="everything">Mask every value.</param>
    private sealed class Masking(HashSet<string>? personal, bool everything)
    {
        public int Count { get; private set; }

        public void Write(Utf8JsonWriter writer, JsonElement json, string path)
        {
            var isValue = json.ValueKind is JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False;
            if ((personal?.Contains(path) == true && json.ValueKind != JsonValueKind.Null) || (everything && isValue))
            {
                Count++;
                writer.WriteStringValue(Mask);
                return;
            }

            switch (json.ValueKind)
            {
                case JsonValueKind.Object:
                    writer.WriteStartObject();
                    foreach (var property in json.EnumerateObject())
                    {
                        writer.WritePropertyName(property.Name);
                        Write(writer, property.Value, PathOf(path, property.Name));
                    }

                    writer.WriteEndObject();
                    break;
                case JsonValueKind.Array:
                    writer.WriteStartArray();
                    foreach (var element in json.EnumerateArray())
                    {
                        Write(writer, element, $"{path}[]");
                    }

                    writer.WriteEndArray();
                    break;
                default:
                    json.WriteTo(writer);
                    break;
            }
        }

        /// <summary>Of a map every value has one path: where such a one is marked, or lies on the way to a mark, the name is that of a map's entry.</summary>
        private string PathOf(string path, string name)
        {
            var entry = $"{path}{{}}";
            var isMap = personal?.Any(field => field.Equals(entry, StringComparison.OrdinalIgnoreCase) || field.StartsWith($"{entry}.", StringComparison.OrdinalIgnoreCase) || field.StartsWith($"{entry}[", StringComparison.OrdinalIgnoreCase)) == true;
            return isMap ? entry : path.Length == 0 ? name : $"{path}.{name}";
        }
    }
}
