using System.Text;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.Amqp;

namespace FlowPlatform.RabbitMQ.Tests.Amqp;

public sealed class EventEncoderTests
{
    private static readonly PartitionId Partition = new("orders", 0);

    [Fact]
    public void An_event_is_written_byte_by_byte_as_specified()
    {
        var e = Minimal() with { TraceParent = "tp", TraceState = "ts", CorrelationId = "co", CausationId = "ca" };
        var expected = new List<byte>();
        Add(expected, "005373", "C0", 34, 11, Utf8("i1"), "40", "40", Utf8("t.v1"), "40", "40", "A3036A736E", "40", "40", "83000000E8D4A51001", Utf8("k"));
        var map = new List<byte>();
        Add(map, Utf8("cloudEvents:specversion"), Utf8("1.0"), Utf8("cloudEvents:id"), Utf8("i1"), Utf8("cloudEvents:type"), Utf8("t.v1"));
        Add(map, Utf8("cloudEvents:source"), Utf8("src"), Utf8("cloudEvents:time"), Utf8("2010-12-01T08:26:00.0000000Z"));
        Add(map, Utf8("traceparent"), Utf8("tp"), Utf8("tracestate"), Utf8("ts"), Utf8("flow-producer"), Utf8("p/1"), Utf8("flow-sequence"), Utf8("42"));
        Add(map, Utf8("correlation-id"), Utf8("co"), Utf8("causation-id"), Utf8("ca"));
        Add(expected, "005374", "D1", "00000" + (map.Count + 4).ToString("X3", null), "00000016", map, "005375", "A002", "7B7D");
        Convert.ToHexString(Encode(e.Build(), "p/1")).ShouldBe(Convert.ToHexString([.. expected]));
    }

    [Fact]
    public void What_is_absent_or_empty_is_left_out()
    {
        var text = Encoding.UTF8.GetString(Encode((Minimal() with { TraceParent = "", CorrelationId = null }).Build(), "p"));
        text.ShouldNotContain("traceparent");
        text.ShouldNotContain("correlation-id");
        text.ShouldContain("flow-producer");
    }

    [Fact]
    public void An_event_without_a_key_uses_its_id() => Decode(Encode((Minimal() with { Key = "" }).Build(), "p")).Key.ShouldBe("i1");

    [Theory]
    [InlineData("", "t", "s", "Id")]
    [InlineData("i", "", "s", "Type")]
    [InlineData("i", "t", "", "Source")]
    public void What_is_required_must_be_there(string id, string type, string source, string name) =>
        Should.Throw<ArgumentException>(() => EventEncoder.Measure((Minimal() with { Id = id, Type = type, Source = source }).Build(), "p")).Message.ShouldContain($"no {name}");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(254)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    public void Every_field_of_every_size_is_measured_and_comes_back(int size)
    {
        var text = new string('x', size);
        var wide = new string('ß', size / 2);
        var data = Encoding.ASCII.GetBytes(text);
        foreach (var shape in new[]
        {
            Minimal() with { Data = data },
            Minimal() with { Id = "i" + text, TraceState = wide },
            Minimal() with { Type = "t" + text, CausationId = text },
            Minimal() with { Source = "s" + text, CorrelationId = wide },
            Minimal() with { Key = "k" + wide, TraceParent = text },
            Minimal() with { ContentType = "c" + text, Data = data },
        })
        {
            var e = shape.Build();
            var back = Decode(Encode(e, "producer"));
            (back.Id, back.Type, back.Source, back.Key, back.ContentType).ShouldBe((e.Id, e.Type, e.Source, e.Key, e.ContentType));
            (back.TraceParent, back.TraceState, back.CorrelationId, back.CausationId)
                .ShouldBe((Absent(e.TraceParent), Absent(e.TraceState), Absent(e.CorrelationId), Absent(e.CausationId)));
            (back.Time, back.CommittedAt, back.Producer, back.Sequence).ShouldBe((e.Time, e.CommittedAt, "producer", e.Sequence));
            back.Data.Span.SequenceEqual(e.Data.Span).ShouldBeTrue();
        }
    }

    [Fact]
    public void Property_lists_around_the_limit_of_the_short_form_are_sound()
    {
        for (var length = 180; length < 260; length++)
        {
            var e = (Minimal() with { Key = new string('k', length), TraceState = new string('t', length) }).Build();
            var back = Decode(Encode(e, "p"));
            (back.Key, back.TraceState).ShouldBe((e.Key, e.TraceState));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(99_999)]
    [InlineData(long.MaxValue)]
    public void Sequences_of_every_length_come_back(long sequence) => Decode(Encode((Minimal() with { Sequence = sequence }).Build(), "p")).Sequence.ShouldBe(sequence);

    private static string? Absent(string? value) => string.IsNullOrEmpty(value) ? null : value;

    private static byte[] Encode(EventEnvelope e, string producer)
    {
        var size = EventEncoder.Measure(e, producer);
        var bytes = new byte[size.Total];
        EventEncoder.Write(e, producer, size, bytes);
        return bytes;
    }

    private static EventEnvelope Decode(byte[] bytes) => new EventDecoder().Decode(bytes, Partition, 0, DateTimeOffset.UnixEpoch);

    private static byte[] Utf8(string text) => [0xa1, (byte)text.Length, .. Encoding.UTF8.GetBytes(text)];

    private static void Add(List<byte> target, params object[] parts)
    {
        foreach (var part in parts)
        {
            target.AddRange(part switch
            {
                string hex => Convert.FromHexString(hex),
                int value => [(byte)value],
                IEnumerable<byte> bytes => bytes,
                _ => throw new ArgumentException("unknown part"),
            });
        }
    }

    private static Shape Minimal() => new("i1", "t.v1", "src", "k", "jsn", null, null, null, null, 42, "{}"u8.ToArray());

    private sealed record Shape(
        string Id, string Type, string Source, string Key, string ContentType, string? TraceParent, string? TraceState, string? CorrelationId, string? CausationId, long Sequence, byte[] Data)
    {
        public EventEnvelope Build() => new()
        {
            Id = Id,
            Type = Type,
            Source = Source,
            Key = Key,
            Time = new DateTimeOffset(2010, 12, 1, 8, 26, 0, TimeSpan.Zero),
            CommittedAt = DateTimeOffset.FromUnixTimeMilliseconds(0xE8D4A51001),
            ContentType = ContentType,
            TraceParent = TraceParent,
            TraceState = TraceState,
            CorrelationId = CorrelationId,
            CausationId = CausationId,
            Sequence = Sequence,
            Data = Data,
        };
    }
}
