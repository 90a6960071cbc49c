using System.Buffers;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ.Tests.StreamProtocol;

public sealed class FrameTests
{
    [Fact]
    public void A_frame_is_written_byte_by_byte_as_specified()
    {
        using var frame = new FrameBuffer(StreamCommand.Create, 16);
        frame.UInt32(0x01020304);
        frame.String("größe");
        frame.String(null);
        frame.Map(new Dictionary<string, string> { ["max-age"] = "24h" });
        frame.UInt64(0x1122334455667788);
        frame.Byte(9);
        Convert.ToHexString(frame.Finish().Span).ShouldBe(
            "0000002E" + "000D" + "0001" + "01020304" + "0007" + "6772C3B6C39F65" + "FFFF" + "00000001" + "00076D61782D616765" + "0003323468" + "1122334455667788" + "09");
    }

    [Fact]
    public void A_publish_frame_holds_id_count_and_messages()
    {
        using var frame = new PublishFrame(16);
        "ab"u8.CopyTo(frame.Add(5, 2));
        frame.Add(0x0102030405060708, 0);
        var publisher = new StreamPublisher(null!, 3, "s", null!);
        Convert.ToHexString(frame.Complete(publisher).Finish().Span).ShouldBe(
            "00000023" + "0002" + "0001" + "03" + "00000002" + "0000000000000005" + "00000002" + "6162" + "0102030405060708" + "00000000");
        frame.Bytes.ShouldBe(PublishFrame.FrameOverhead + (2 * PublishFrame.MessageOverhead) + 2);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(254)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(32_767)]
    public void Strings_of_every_size_are_read_as_written(int length)
    {
        var text = new string('x', length);
        using var frame = new FrameBuffer(StreamCommand.Open, 16);
        frame.String(text);
        var reader = new FrameReader(frame.Finish().Span[8..]);
        reader.String().ShouldBe(text);
        reader.Rest.Length.ShouldBe(0);
    }

    [Fact]
    public void A_string_over_the_limit_is_refused()
    {
        using var frame = new FrameBuffer(StreamCommand.Open, 16);
        Should.Throw<ArgumentException>(() => frame.String(new string('x', 32_768))).Message.ShouldContain("32,767");
    }

    [Fact]
    public void Fields_that_reach_past_the_end_are_refused()
    {
        Throws([1], (ref reader) => reader.UInt16());
        Throws([1, 2, 3], (ref reader) => reader.UInt32());
        Throws([1, 2, 3, 4, 5, 6, 7], (ref reader) => reader.UInt64());
        Throws([0, 5, 65], (ref reader) => reader.String());
        Throws([0xff, 0xfe], (ref reader) => reader.String());
        Throws([0x7f, 0xff, 0xff, 0xff, 0], (ref reader) => reader.Strings());
        Throws([0xff, 0xff, 0xff, 0xff, 0], (ref reader) => reader.Map());
    }

    [Fact]
    public void Frames_are_found_however_the_bytes_are_cut()
    {
        var deliver = Bytes.Frame((int)StreamCommand.Deliver).U8(0).Raw(new byte[200_000]).ToFrame();
        byte[] input = [.. Bytes.Frame(0x17).ToFrame(), .. deliver, .. Bytes.Frame(0x10).U16(6).Text("s").ToFrame(), .. Bytes.Frame(0x17).ToFrame()];
        foreach (var step in new[] { 1, 2, 3, 5, 7, 4_096, 100_000, input.Length })
        {
            using var assembler = new FrameAssembler(1024, 1024 * 1024, ArrayPool<byte>.Shared);
            var lengths = new List<int>();
            var pending = ReadOnlyMemory<byte>.Empty;
            for (var start = 0; start < input.Length; start += step)
            {
                pending = pending.ToArray().Concat(input[start..Math.Min(input.Length, start + step)]).ToArray();
                var sequence = new ReadOnlySequence<byte>(pending);
                while (assembler.TryRead(ref sequence, out var frame, out var length))
                {
                    lengths.Add(length);
                    ArrayPool<byte>.Shared.Return(frame);
                }

                pending = sequence.ToArray();
            }

            lengths.ShouldBe([4, deliver.Length - 4, 9, 4], $"in steps of {step}");
            assembler.Partial.ShouldBeFalse();
        }
    }

    [Theory]
    [InlineData(0x0003, 1025, "1,025 bytes")]
    [InlineData(0x8003, 0xffffffff, "4,294,967,295 bytes")]
    [InlineData(0x0008, 4097, "4,097 bytes")]
    [InlineData(0x0017, 3, "can't hold a command")]
    [InlineData(0x0017, 0, "can't hold a command")]
    public void Sizes_out_of_bounds_are_refused_before_anything_is_collected(int key, uint size, string reason)
    {
        using var assembler = new FrameAssembler(1024, 4096, ArrayPool<byte>.Shared);
        var input = new ReadOnlySequence<byte>(new Bytes().U32(size).U16(key).ToArray());
        Should.Throw<StreamProtocolException>(() => assembler.TryRead(ref input, out _, out _)).Message.ShouldContain(reason);
    }

    private delegate object? Reading(ref FrameReader reader);

    private static void Throws(byte[] bytes, Reading read) =>
        Should.Throw<StreamProtocolException>(() =>
        {
            var reader = new FrameReader(bytes);
            read(ref reader);
        });
}
