using System.Text;
using FlowPlatform.Log;

namespace FlowPlatform.RabbitMQ.Tests;

public sealed class PartitionerTests
{
    // Where RabbitMQ's .NET stream client sends these keys among three partitions.
    [Theory]
    [InlineData("hello1", 1)]
    [InlineData("hello2", 0)]
    [InlineData("hello3", 1)]
    [InlineData("hello4", 2)]
    [InlineData("hello5", 0)]
    [InlineData("hello6", 2)]
    [InlineData("hello7", 0)]
    [InlineData("hello8", 1)]
    [InlineData("hello9", 0)]
    [InlineData("hello10", 2)]
    [InlineData("hello88", 1)]
    public void Keys_go_where_the_official_clients_send_them(string key, int partition) => Partitioner.PartitionOf(key, 3).ShouldBe(partition);

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("ab")]
    [InlineData("abc")]
    [InlineData("abcd")]
    [InlineData("abcde")]
    [InlineData("鍵🔑")]
    public void The_hash_is_the_published_algorithm(string key)
    {
        var bytes = Encoding.UTF8.GetBytes(key);
        Partitioner.Hash(bytes).ShouldBe(Murmur3(bytes, 104729));
    }

    [Fact]
    public void The_reference_agrees_with_published_vectors()
    {
        // Of the algorithm itself, with other seeds than ours.
        Murmur3([], 0).ShouldBe(0u);
        Murmur3([], 1).ShouldBe(0x514e28b7u);
        Murmur3([], 0xffffffff).ShouldBe(0x81f16f39u);
        Murmur3([0xff, 0xff, 0xff, 0xff], 0).ShouldBe(0x76293b50u);
        Murmur3([0x21, 0x43, 0x65, 0x87], 0).ShouldBe(0xf55b516bu);
        Murmur3([0x21, 0x43, 0x65, 0x87], 0x5082edee).ShouldBe(0x2362f9deu);
        Murmur3([0x21, 0x43, 0x65], 0).ShouldBe(0x7e4a8634u);
        Murmur3([0x21, 0x43], 0).ShouldBe(0xa0f7b07au);
        Murmur3([0x21], 0).ShouldBe(0x72661cf4u);
        Murmur3("Hello, world!"u8.ToArray(), 0x9747b28c).ShouldBe(0x24884cbau);
    }

    [Fact]
    public void Long_keys_are_hashed_whole()
    {
        var key = new string('k', 10_000);
        Partitioner.PartitionOf(key, 256).ShouldBe((int)(Murmur3(Encoding.UTF8.GetBytes(key), 104729) % 256));
        Partitioner.PartitionOf(key + "1", 256).ShouldNotBe(Partitioner.PartitionOf(key + "2", 256));
    }

    /// <summary>The algorithm written down naively, byte by byte, for any seed.</summary>
    private static uint Murmur3(byte[] bytes, uint seed)
    {
        var hash = seed;
        for (var start = 0; start < bytes.Length; start += 4)
        {
            uint block = 0;
            var length = Math.Min(4, bytes.Length - start);
            for (var i = 0; i < length; i++)
            {
                block += (uint)bytes[start + i] << (8 * i);
            }

            block *= 0xcc9e2d51;
            block = (block << 15) | (block >> 17);
            hash ^= block * 0x1b873593;
            if (length == 4)
            {
                hash = (((hash << 13) | (hash >> 19)) * 5) + 0xe6546b64;
            }
        }

        hash ^= (uint)bytes.Length;
        hash ^= hash >> 16;
        hash *= 0x85ebca6b;
        hash ^= hash >> 13;
        hash *= 0xc2b2ae35;
        return hash ^ (hash >> 16);
    }
}
