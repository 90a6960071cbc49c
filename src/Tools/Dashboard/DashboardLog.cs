namespace FlowPlatform.Dashboard;

/// <summary>What the dashboard writes on its console.</summary>
internal static partial class DashboardLog
{
    [LoggerMessage(1, LogLevel.Error, "{Signal} can't be written and are lost, until this is mended: {Reason}")]
    public static partial void NotWritten(ILogger logger, string signal, string reason);

    [LoggerMessage(2, LogLevel.Information, "OTLP: gRPC on {Grpc}, HTTP on {Http}; kept in {Directory}.")]
    public static partial void Listening(ILogger logger, string grpc, string http, string directory);

    [LoggerMessage(3, LogLevel.Warning, "The run {Run} can't be deleted yet: {Reason}")]
    public static partial void RunNotDeleted(ILogger logger, string run, string reason);

    [LoggerMessage(20, LogLevel.Information, "Personal data of the event at {Offset} of {Stream}-{Partition} was revealed.")]
    public static partial void Revealed(ILogger logger, string stream, int partition, long offset);
}
