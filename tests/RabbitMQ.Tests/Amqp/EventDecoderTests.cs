using System.Text;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.Amqp;

namespace FlowPlatform.RabbitMQ.Tests.Amqp;

public sealed class EventDecoderTests
{
    private const string Body = "005375A0027B7D";
    private static readonly PartitionId Partition = new("orders", 2);
    private static readonly DateTimeOffset Stored = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000);

    [Fact]
    public void A_bare_body_gets_defaults()
    {
        var e = Decode(Body);
        (e.Id, e.Type, e.Source, e.Key, e.Time, e.CommittedAt, e.Producer, e.Sequence)
            .ShouldBe(("orders-2/77", "unknown", "unknown", "orders-2/77", Stored, Stored, null, 0));
        Encoding.UTF8.GetString(e.Data.Span).ShouldBe("{}");
    }

    [Fact]
    public void Properties_of_a_foreign_writer_are_used()
    {
        // message-id, user-id, to, subject, reply-to, correlation-id, content-type, content-encoding, expiry, creation-time, group-id
        var e = Decode(List("A1026D31", "A00175", "A10174", "A103742E31", "40", "A1026331", "A304746578" + "74", "40", "83000001" + "8BCFE56800", "8300000000000003E8", "A1026731") + Body);
        (e.Id, e.Type, e.Key, e.CorrelationId, e.ContentType).ShouldBe(("m1", "t.1", "g1", "c1", "text"));
        (e.Time, e.CommittedAt).ShouldBe((DateTimeOffset.FromUnixTimeSeconds(1), DateTimeOffset.FromUnixTimeSeconds(1)));
    }

    [Theory]
    [InlineData("44", "0")]
    [InlineData("5307", "7")]
    [InlineData("800000000000000100", "256")]
    [InlineData("98000102030405060708090A0B0C0D0E0F", "00010203-0405-0607-0809-0a0b0c0d0e0f")]
    [InlineData("A002CAFE", "cafe")]
    [InlineData("A100", "orders-2/77")]
    [InlineData("40", "orders-2/77")]
    public void Message_ids_of_every_type_are_taken(string value, string id) => Decode(List(value) + Body).Id.ShouldBe(id);

    [Theory]
    [InlineData("40")]
    [InlineData("41")]
    [InlineData("42")]
    [InlineData("5601")]
    [InlineData("43")]
    [InlineData("44")]
    [InlineData("5001")]
    [InlineData("51FF")]
    [InlineData("600001")]
    [InlineData("610001")]
    [InlineData("5201")]
    [InlineData("7000000001")]
    [InlineData("5301")]
    [InlineData("800000000000000001")]
    [InlineData("54FF")]
    [InlineData("71FFFFFFFF")]
    [InlineData("55FF")]
    [InlineData("81FFFFFFFFFFFFFFFF")]
    [InlineData("723F800000")]
    [InlineData("823FF0000000000000")]
    [InlineData("7300000041")]
    [InlineData("830000000000000001")]
    [InlineData("98000102030405060708090A0B0C0D0E0F")]
    [InlineData("A00101")]
    [InlineData("B00000000101")]
    [InlineData("A10161")]
    [InlineData("B10000000161")]
    [InlineData("A30161")]
    [InlineData("B30000000161")]
    [InlineData("45")]
    [InlineData("C0020140")]
    [InlineData("D0000000050000000140")]
    [InlineData("C1050240A10161")]
    [InlineData("D1000000060000000240" + "40")]
    [InlineData("E003015001")]
    [InlineData("F0000000060000000150" + "01")]
    [InlineData("74FFFFFFFF")]
    [InlineData("84FFFFFFFFFFFFFFFF")]
    [InlineData("94FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF")]
    [InlineData("00A3017840")]
    [InlineData("005301" + "C0020140")]
    [InlineData("00" + "005301A30178" + "A10161")]
    public void Values_of_every_type_are_skipped_where_we_do_not_use_them(string value)
    {
        var annotations = "005372" + Map("A30161", value);
        var properties = "005374" + Map("A10161", value, "A1" + "0D" + Hex("flow-sequence"), value.StartsWith('A') || value.StartsWith('B') ? "40" : value);
        var e = Decode("005370" + "C0020140" + "005371" + Map("A30161", value) + annotations + properties + Body + "005378" + Map("A30161", value));
        Encoding.UTF8.GetString(e.Data.Span).ShouldBe("{}");
        e.Producer.ShouldBeNull();
    }

    [Theory]
    [InlineData("0080000000000000007" + "5")]
    [InlineData("00A310616D71703A646174613A62696E617279")]
    [InlineData("00B300000010616D71703A646174613A62696E617279")]
    public void A_sections_descriptor_may_have_any_of_its_forms(string descriptor) => Decode(descriptor + "A0027B7D").Data.Length.ShouldBe(2);

    [Fact]
    public void Several_data_sections_are_one_body()
    {
        var e = Decode("005375A0027B22" + "005375B000000002613A" + "005375A000" + "005375A0027D7D");
        Encoding.UTF8.GetString(e.Data.Span).ShouldBe("{\"a:}}");
    }

    [Theory]
    [InlineData("005377A10161", "amqp-value")]
    [InlineData("005376C0020140", "amqp-sequence")]
    [InlineData("", "no body")]
    [InlineData("00537045", "no body")]
    public void A_body_that_no_event_can_be_is_named(string message, string reason) =>
        Should.Throw<AmqpFormatException>(() => Decode(message)).Message.ShouldContain(reason);

    [Theory]
    [InlineData("01", "starts with 0x01")]
    [InlineData("00537540", "instead of binary")]
    [InlineData("005373A10161", "instead of a list")]
    [InlineData("00537445", "instead of a map")]
    [InlineData("005374C1020140", "odd number")]
    [InlineData("00530145", "unknown section 0x1")]
    [InlineData("00A3017845", "unknown symbol")]
    [InlineData("00A1017845", "descriptor has the type 0xa1")]
    [InlineData("005375A005", "5 bytes are announced")]
    [InlineData("005375B0FFFFFFFF", "4,294,967,295 bytes are announced")]
    [InlineData("005372C100", "no room for its count")]
    [InlineData("005372D100000003000000", "no room for its count")]
    [InlineData("00537210", "unknown type 0x10")]
    [InlineData("005373C0020240", "1 bytes are announced")]
    public void Malformed_messages_say_what_is_wrong(string message, string reason) =>
        Should.Throw<AmqpFormatException>(() => Decode(message)).Message.ShouldContain(reason);

    [Fact]
    public void Descriptors_without_an_end_are_refused()
    {
        Should.Throw<AmqpFormatException>(() => Decode("005372" + new string('0', 200_000))).Message.ShouldContain("more than 32 descriptors");
        Should.Throw<AmqpFormatException>(() => Decode(string.Concat(Enumerable.Repeat("005301", 1000)))).Message.ShouldContain("more than 32 descriptors");
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1x")]
    [InlineData("99999999999999999999")]
    public void A_sequence_that_is_none_is_refused(string sequence) =>
        Should.Throw<AmqpFormatException>(() => Decode(Properties(("flow-producer", "p"), ("flow-sequence", sequence)) + Body)).Message.ShouldContain("flow-sequence");

    [Fact]
    public void Times_are_read_in_any_form_of_rfc_3339()
    {
        Decode(Properties(("cloudEvents:time", "2010-12-01T08:26:00Z")) + Body).Time.ShouldBe(new DateTimeOffset(2010, 12, 1, 8, 26, 0, TimeSpan.Zero));
        Decode(Properties(("cloudEvents_time", "2010-12-01T09:26:00.5+01:00")) + Body).Time.ShouldBe(new DateTimeOffset(2010, 12, 1, 8, 26, 0, 500, TimeSpan.Zero));
        Should.Throw<AmqpFormatException>(() => Decode(Properties(("cloudEvents:time", "yesterday")) + Body)).Message.ShouldContain("RFC 3339");
    }

    [Fact]
    public void Repeated_names_are_one_string()
    {
        var decoder = new EventDecoder();
        var bytes = Convert.FromHexString(Properties(("cloudEvents:type", "orders.placed.v1"), ("cloudEvents:source", "заказы"), ("flow-producer", "p/1"), ("flow-sequence", "1")) + Body);
        var one = decoder.Decode(bytes, Partition, 1, Stored);
        var two = decoder.Decode(bytes, Partition, 2, Stored);
        two.Type.ShouldBeSameAs(one.Type);
        two.Producer.ShouldBeSameAs(one.Producer);
        two.Source.ShouldBe("заказы");
    }

    [Fact]
    public void Strings_that_share_a_place_in_the_cache_stay_apart()
    {
        var cache = new Utf8StringCache();
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 2_000; i++)
            {
                var text = $"type-{i:D4}-ü{i % 3}"[..(9 + (i % 4))];
                cache.Get(Encoding.UTF8.GetBytes(text)).ShouldBe(text);
            }
        }
    }

    [Fact]
    public void A_message_cut_short_anywhere_is_refused_or_is_whole_sections()
    {
        var whole = Convert.FromHexString(List("A1026D31", "40", "40", "A103742E31") + Properties(("flow-producer", "p"), ("flow-sequence", "12")) + Body);
        for (var length = 0; length < whole.Length; length++)
        {
            var cut = whole[..length];
            Should.Throw<AmqpFormatException>(() => new EventDecoder().Decode(cut, Partition, 0, Stored), $"cut at {length}");
        }
    }

    [Fact]
    public void Whatever_bytes_come_only_the_named_exception_leaves()
    {
        var sound = Convert.FromHexString(
            "00537045" + "005372" + Map("A30161", "C1050240A10161") + List("A1026D31", "5301", "40", "A103742E31", "40", "40", "A3036A736E", "40", "40", "8300000000000003E8", "A1026731")
            + Properties(("cloudEvents:time", "2010-12-01T08:26:00.0000000Z"), ("flow-producer", "p"), ("flow-sequence", "12")) + Body);
        var random = new Random(20_101_201);
        var read = 0;
        for (var round = 0; round < 50_000; round++)
        {
            var mutated = sound[..(round % 3 == 0 ? random.Next(sound.Length + 1) : sound.Length)];
            for (var changes = random.Next(1, 6); changes > 0 && mutated.Length > 0; changes--)
            {
                mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
            }

            try
            {
                new EventDecoder().Decode(mutated, Partition, round, Stored);
                read++;
            }
            catch (AmqpFormatException e)
            {
                e.Position.ShouldBeInRange(0, mutated.Length);
            }
        }

        read.ShouldBeInRange(1, 49_999);
    }

    private static EventEnvelope Decode(string hex) => new EventDecoder().Decode(Convert.FromHexString(hex), Partition, 77, Stored);

    private static string List(params string[] items)
    {
        var content = string.Concat(items);
        return $"005373C0{(content.Length / 2) + 1:X2}{items.Length:X2}{content}";
    }

    private static string Map(params string[] items)
    {
        var content = string.Concat(items);
        return $"D1{(content.Length / 2) + 4:X8}{items.Length:X8}{content}";
    }

    private static string Properties(params (string Name, string Value)[] items) =>
        "005374" + Map([.. items.SelectMany(item => new[] { Text(item.Name), Text(item.Value) })]);

    private static string Text(string text) => $"A1{Encoding.UTF8.GetByteCount(text):X2}{Hex(text)}";

    private static string Hex(string text) => Convert.ToHexString(Encoding.UTF8.GetBytes(text));
}
