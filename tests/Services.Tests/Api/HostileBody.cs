using System.Text;
using System.Text.Json.Nodes;

namespace Services.Tests.Api;

/// <summary>Spoils a good body in one place.</summary>
internal static class HostileBody
{
    private const string Mark = "\"@@\"";

    /// <summary>What stands instead of a number: JSON, or what somebody takes for it.</summary>
    public static readonly string[] Numbers = ["1e400", "-1e400", "99999999999999999999999", "1.5", "NaN", "\"NaN\"", "\"7\"", "true", "[]", "{}", "0x10", "01"];

    /// <summary>What stands instead of an amount.</summary>
    public static readonly string[] Amounts = ["1e400", "\"NaN\"", "\"Infinity\"", "\"1e5\"", "\"1,50\"", "\"\"", "\"١٢\"", "\"0x10\"", "true", "[]", "{}", "\"79228162514264337593543950336\""];

    /// <summary>What stands instead of a text.</summary>
    public static readonly string[] Texts = ["\"\\ud800\"", "\"\\u0000\"", "\"\\u202e\"", "\"a\\nb\"", "7", "true", "[]", "{}", $"\"{new string('x', 300)}\""];

    /// <summary>The first example that succeeds.</summary>
    public static ApiExchange Good(ApiOperation operation) => operation.Exchanges.First(exchange => exchange.Status < 300);

    public static byte[] Bytes(JsonNode body) => Encoding.UTF8.GetBytes(body.ToJsonString());

    /// <summary>Members that hold a value, with the path as faults name it.</summary>
    public static IEnumerable<(JsonObject Parent, string Name)> Leaves(JsonNode? node) => node switch
    {
        JsonObject members => members.SelectMany(member => member.Value is JsonValue ? [(members, member.Key)] : Leaves(member.Value)),
        JsonArray items => items.SelectMany(Leaves),
        _ => [],
    };

    public static bool IsNumber(JsonNode? value) => value is JsonValue leaf && leaf.GetValueKind() == System.Text.Json.JsonValueKind.Number;

    public static bool IsAmount((JsonObject Parent, string Name) leaf) => leaf.Name is "unitPrice" or "amount";

    /// <summary>The body with raw JSON in place of one leaf.</summary>
    public static byte[] Replace(JsonNode body, int leaf, string raw)
    {
        var copy = body.DeepClone();
        var (parent, name) = Leaves(copy).ElementAt(leaf);
        parent[name] = "@@";
        return Encoding.UTF8.GetBytes(copy.ToJsonString().Replace(Mark, raw, StringComparison.Ordinal));
    }

    /// <summary>The body with bytes that are no UTF-8 in one text.</summary>
    public static byte[] WithoutUtf8(JsonNode body, int leaf)
    {
        var bytes = Replace(body, leaf, "\"ab\"");
        bytes[bytes.AsSpan().IndexOf("\"ab\""u8) + 1] = 0xFF;
        return bytes;
    }

    /// <summary>The body with one more member in its first object, or one member twice.</summary>
    public static byte[] WithMember(JsonNode body, bool twice)
    {
        var text = body.ToJsonString();
        var start = text.IndexOf('{') + 1;
        var member = twice ? text[start..(text.IndexOf(',', start) is var end and >= 0 ? end : text.IndexOf('}', start))] : "\"unheardOf\":1";
        return Encoding.UTF8.GetBytes(text.Insert(start, member + ","));
    }
}
