using System.Text.Encodings.Web;
using System.Text.Json;

namespace FlowPlatform.Cli;

/// <summary>Reads answers of services that may be older or newer: what is missing is null or empty.</summary>
internal static class Json
{
    public static readonly JsonSerializerOptions Shown = new(JsonSerializerDefaults.Web) { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string? Text(this JsonElement json, string name) => json.Find(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    public static long Number(this JsonElement json, string name) => json.Find(name) is { ValueKind: JsonValueKind.Number } value ? value.TryGetInt64(out var whole) ? whole : (long)value.GetDouble() : 0;

    public static double Ratio(this JsonElement json, string name) => json.Find(name) is { ValueKind: JsonValueKind.Number } value ? value.GetDouble() : 0;

    public static bool Has(this JsonElement json, string name) => json.Find(name) is { ValueKind: not JsonValueKind.Null };

    public static bool Is(this JsonElement json, string name) => json.Find(name) is { ValueKind: JsonValueKind.True };

    public static IReadOnlyList<JsonElement> List(this JsonElement json, string name) => json.Find(name) is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray()] : [];

    public static JsonElement? Find(this JsonElement json, string name) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value : null;
}
