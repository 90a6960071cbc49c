using System.Text;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ.Tests.StreamProtocol;

public sealed class Crc32Tests
{
    [Theory]
    [InlineData("", 0x00000000)]
    [InlineData("a", 0xe8b7be43)]
    [InlineData("abc", 0x352441c2)]
    [InlineData("123456789", 0xcbf43926)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x414fa339)]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345678901234567890", 0x7ca94a72)]
    public void Published_vectors_match(string text, uint expected) => Crc32.Compute(Encoding.ASCII.GetBytes(text)).ShouldBe(expected);

    [Fact]
    public void Sixteen_at_a_time_is_the_same_as_bit_by_bit()
    {
        var random = new Random(1);
        for (var length = 0; length < 200; length++)
        {
            var data = new byte[length];
            random.NextBytes(data);
            Crc32.Compute(data).ShouldBe(BitByBit(data), $"of {length} bytes");
        }
    }

    private static uint BitByBit(byte[] data)
    {
        var crc = 0xffffffffu;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xedb88320);
            }
        }

        return ~crc;
    }
}
