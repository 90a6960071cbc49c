namespace FlowPlatform.Dashboard.Events;

/// <summary>Who looked at what is not shown unasked stands on the console.</summary>
internal static partial class EventAccessLog
{
    [LoggerMessage(20, LogLevel.Information, "Personal data of the event at {Offset} of {Stream}-{Partition} was revealed.")]
    public static partial void Revealed(ILogger logger, string stream, int partition, long offset);
}
