using System.Buffers.Binary;
using System.Text;
using FlowPlatform.Chaos.Checking;

namespace FlowPlatform.EndToEnd.Tests.Harness;

public sealed class EntryReaderTests
{
    [Fact]
    public void An_entry_is_read_whatever_sizes_its_parts_are_written_in()
    {
        var read = EntryReader.Read(Entry("""{"orderId":"1"}"""));
        (read.Id, read.Type, read.Producer, read.Sequence).ShouldBe(("e-1", "orders.placed.v1", "orders/7", 42L));
        read.Time.ShouldBe(new DateTimeOffset(2011, 11, 29, 12, 0, 0, TimeSpan.Zero));
        read.Created.ToUnixTimeMilliseconds().ShouldBe(1234567890123);
        read.Data.GetProperty("orderId").GetString().ShouldBe("1");
        EntryReader.Read(Entry($$"""{"orderId":"{{new string('x', 300)}}"}""")).Data.GetProperty("orderId").GetString()!.Length.ShouldBe(300);
    }

    [Fact]
    public void An_entry_that_is_cut_short_is_an_error()
    {
        var entry = Entry("""{"orderId":"1"}""");
        for (var length = 1; length < entry.Length; length++)
        {
            var cut = entry[..length];
            Should.Throw<Exception>(() => { EntryReader.Read(cut); }, $"{length} bytes");
        }
    }

    private static byte[] Entry(string json)
    {
        var data = Encoding.UTF8.GetBytes(json);
        var created = new byte[9];
        created[0] = 0x83;
        BinaryPrimitives.WriteInt64BigEndian(created.AsSpan(1), 1234567890123);
        byte[] length = data.Length < 256 ? [0xa0, (byte)data.Length] : [0xb0, .. Big(data.Length)];
        byte[] properties = [.. Text("e-1"), 0x40, 0x40, .. Text("orders.placed.v1"), 0x40, 0x40, 0xa3, 4, .. "json"u8, 0x40, 0x40, .. created, .. Text("key")];
        byte[] texts =
        [
            .. Text("cloudEvents:id"), .. Text("e-1"), .. Text("cloudEvents:type"), .. Text("orders.placed.v1"), .. Text("cloudEvents:time"), .. Text("2011-11-29T12:00:00.0000000Z"),
            .. Text("flow-producer"), .. Text("orders/7"), .. Text("flow-sequence"), .. Text("42"),
        ];
        return
        [
            0x00, 0x53, 0x73, 0xc0, (byte)(properties.Length + 1), 11, .. properties,
            0x00, 0x53, 0x74, 0xd1, .. Big(texts.Length + 4), .. Big(10), .. texts,
            0x00, 0x53, 0x75, .. length, .. data,
        ];
    }

    private static byte[] Text(string text) => [0xa1, (byte)text.Length, .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Big(int value)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
