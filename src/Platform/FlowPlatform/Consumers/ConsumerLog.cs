using FlowPlatform.Log;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Consumers;

/// <summary>What a consumer tells of its ordinary life: a line for each partition that it takes up or gives up.</summary>
internal static partial class ConsumerLog
{
    [LoggerMessage(21, LogLevel.Information, "{Consumer} reads {Partition} from offset {Offset}")]
    public static partial void Reads(ILogger logger, string consumer, PartitionId partition, long offset);

    [LoggerMessage(22, LogLevel.Information, "{Consumer} has given {Partition} up to another replica")]
    public static partial void GaveUp(ILogger logger, string consumer, PartitionId partition);
}
