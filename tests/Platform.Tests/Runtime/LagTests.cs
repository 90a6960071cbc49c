using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Tests.Runtime;

public sealed class LagTests
{
    private static readonly PartitionId Partition = new("accounts", 0);

    [Theory]
    [InlineData("bank/1", 20, 40, "bank/1", 12, 31, 8)]
    [InlineData("bank/1", 20, 40, "bank/1", 25, 31, 0)]
    [InlineData("bank/2", 3, 40, "bank/1", 70, 38, 3)]
    [InlineData("bank/2", 3, 40, "bank/1", 70, 31, 10)]
    [InlineData(null, 0, 40, null, 0, 31, 10)]
    [InlineData(null, 0, 40, "bank/1", 12, 41, 0)]
    [InlineData("bank/1", 20, 40, null, 0, 0, 20)]
    public void Lag_counts_by_sequence_and_where_that_tells_nothing_by_offset(string? endProducer, long endSequence, long endOffset, string? producer, long mark, long next, long lag) =>
        LogEnds.Lag(Envelopes.PaidIn("e", endSequence, endProducer).At(endOffset), new Checkpoint { Consumer = "totals", Partition = Partition, Partitions = 2, Producer = producer, Mark = mark, NextOffset = next }).ShouldBe(lag);

    [Fact]
    public void In_an_empty_log_nothing_is_missing_and_without_a_checkpoint_everything_is()
    {
        LogEnds.Lag(null, null).ShouldBe(0);
        LogEnds.Lag(Envelopes.PaidIn("e", 5).At(4), null).ShouldBe(5);
        LogEnds.Lag(Envelopes.PaidIn("e", 0, null).At(4), null).ShouldBe(5);
    }
}
