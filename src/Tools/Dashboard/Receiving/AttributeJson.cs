using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf.Collections;
using OpenTelemetry.Proto.Common.V1;

namespace FlowPlatform.Dashboard.Receiving;

/// <summary>Writes attributes as JSON, cut to a size. What does not fit is left out, and counted in <see cref="NotKept"/>. Reusable; not safe for concurrent use.</summary>
internal sealed class AttributeJson : IDisposable
{
    public const string None = "{}";

    /// <summary>Characters of one text. A stack trace of 100 frames has about 12,000.</summary>
    public const int MaxText = 16_384;

    /// <summary>Bytes of one item's attributes (of a span, an event, a log record); beyond, no further one is begun.</summary>
    private const int MaxBytes = 65_536;

    private const int MaxDepth = 8;
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private readonly ArrayBufferWriter<byte> buffer = new(1024);
    private readonly Utf8JsonWriter json;

    public AttributeJson() => json = new Utf8JsonWriter(buffer, Options);

    /// <summary>Attributes that were left out since it was last set to 0.</summary>
    public int NotKept { get; set; }

    /// <summary>One JSON object.</summary>
    public string Write(IReadOnlyList<KeyValue> attributes)
    {
        if (attributes.Count == 0)
        {
            return None;
        }

        Start();
        WriteObject(attributes, 1);
        return End();
    }

    /// <summary>Whatever <paramref name="write"/> writes.</summary>
    public string Write<T>(T value, Action<Utf8JsonWriter, AttributeJson, T> write)
    {
        Start();
        write(json, this, value);
        return End();
    }

    /// <summary>A text stays what it is; anything else becomes JSON.</summary>
    public string Text(AnyValue? value) => value switch
    {
        null or { ValueCase: AnyValue.ValueOneofCase.None } => "",
        { ValueCase: AnyValue.ValueOneofCase.StringValue } => Cut(value.StringValue),
        _ => Write(value, static (_, self, any) => self.WriteValue(any, 1)),
    };

    /// <summary>For use within <see cref="Write{T}(T, Action{Utf8JsonWriter, AttributeJson, T})"/>.</summary>
    public void WriteObject(IReadOnlyList<KeyValue> attributes, int depth)
    {
        json.WriteStartObject();
        for (var i = 0; i < attributes.Count; i++)
        {
            if (buffer.WrittenCount + json.BytesPending > MaxBytes)
            {
                NotKept += attributes.Count - i;
                break;
            }

            json.WritePropertyName(Cut(attributes[i].Key));
            WriteValue(attributes[i].Value, depth);
        }

        json.WriteEndObject();
    }

    public static string Cut(string text) => text.Length <= MaxText ? text : string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[MaxText - 1]) ? MaxText - 1 : MaxText), "…");

    public void Dispose() => json.Dispose();

    private void WriteValue(AnyValue? value, int depth)
    {
        switch (value?.ValueCase)
        {
            case AnyValue.ValueOneofCase.StringValue:
                json.WriteStringValue(Cut(value.StringValue));
                break;
            case AnyValue.ValueOneofCase.BoolValue:
                json.WriteBooleanValue(value.BoolValue);
                break;
            case AnyValue.ValueOneofCase.IntValue:
                json.WriteNumberValue(value.IntValue);
                break;
            case AnyValue.ValueOneofCase.DoubleValue when double.IsFinite(value.DoubleValue):
                json.WriteNumberValue(value.DoubleValue);
                break;
            case AnyValue.ValueOneofCase.DoubleValue:
                json.WriteStringValue(value.DoubleValue.ToString(System.Globalization.CultureInfo.InvariantCulture));
                break;
            case AnyValue.ValueOneofCase.BytesValue:
                json.WriteBase64StringValue(value.BytesValue.Span[..Math.Min(value.BytesValue.Length, MaxText)]);
                break;
            case AnyValue.ValueOneofCase.ArrayValue when depth < MaxDepth:
                WriteArray(value.ArrayValue.Values, depth + 1);
                break;
            case AnyValue.ValueOneofCase.KvlistValue when depth < MaxDepth:
                WriteObject(value.KvlistValue.Values, depth + 1);
                break;
            case null or AnyValue.ValueOneofCase.None:
                json.WriteNullValue();
                break;
            default:
                NotKept++;
                json.WriteStringValue("…");
                break;
        }
    }

    private void WriteArray(RepeatedField<AnyValue> values, int depth)
    {
        json.WriteStartArray();
        for (var i = 0; i < values.Count; i++)
        {
            if (buffer.WrittenCount + json.BytesPending > MaxBytes)
            {
                NotKept++;
                break;
            }

            WriteValue(values[i], depth);
        }

        json.WriteEndArray();
    }

    private void Start()
    {
        buffer.ResetWrittenCount();
        json.Reset(buffer);
    }

    private string End()
    {
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
